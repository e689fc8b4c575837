"""Errors about limits and the service itself (dialect.md, errors: limits and service)."""

from qwen_vision.errors.base import InvalidRequestError, QwenVisionError


class RateLimitError(QwenVisionError):
    """Too many requests: HTTP 429."""

    status = 429
    type = "limit_requests"
    code = "limit_requests"
    native_code = "Throttling.RateQuota"
    native_text = "Requests rate limit exceeded, please try again later."
    text = "You exceeded your current requests list."


class RequestLimitError(RateLimitError):
    """Too many requests, in the newer words of the dialect."""

    text = (
        "You have exceeded your current request limit. For details, see: "
        "https://help.aliyun.com/zh/model-studio/error-code#rate-limit"
    )


class BurstLimitError(RateLimitError):
    """The rate rose too quickly."""

    type = "limit_burst_rate"
    code = "limit_burst_rate"
    native_code = "Throttling.BurstRate"
    text = "Request rate increased too quickly. Slow down and try again."


class QuotaError(RateLimitError):
    """The account's quota is used up."""

    type = "insufficient_quota"
    code = "insufficient_quota"
    native_code = "Throttling.AllocationQuota"
    native_text = "Allocated quota exceeded, please increase your quota limit."
    text = "You exceeded your current quota, please check your plan and billing details."


class ContentInspectionError(InvalidRequestError):
    """The content was refused by inspection."""

    code = "data_inspection_failed"
    native_code = "DataInspectionFailed"
    text = "Input data may contain inappropriate content."


class TextInspectionError(ContentInspectionError):
    """The text of the request was refused by inspection."""

    text = "Input text data may contain inappropriate content."


class OutputInspectionError(ContentInspectionError):
    """The answer was refused by inspection."""

    text = "Output data may contain inappropriate content."


class BodyTooLargeError(InvalidRequestError):
    """The body is over the server's limit."""

    status = 413
    code = "BadRequest.TooLarge"
    native_code = "BadRequest.TooLarge"
    text = "Exceeded limit on max bytes to request body : {limit}"


class BodyEncodingError(InvalidRequestError):
    """The body is compressed; only plain bodies are read, so that none can unfold to gigabytes."""

    status = 415
    code = "unsupported_content_encoding"
    text = "Content-Encoding '{encoding}' is not supported. Send the body uncompressed."


class SlowBodyError(InvalidRequestError):
    """The body did not arrive in time."""

    status = 408
    code = "RequestTimeOut"
    native_code = "RequestTimeOut"
    text = (
        "The request body came too slowly: {received} bytes in {seconds} seconds. "
        "Send it faster, or upload the media first and send its URL."
    )


class RequestTimeoutError(QwenVisionError):
    """The answer took too long."""

    type = "internal_error"
    code = "RequestTimeOut"
    native_code = "RequestTimeOut"
    text = "Request timed out, please try again later."


class CapacityError(QwenVisionError):
    """No capacity, or the server is stopping: HTTP 503."""

    status = 503
    type = "service_unavailable"
    code = "ModelServingError"
    native_code = "ModelServingError"
    text = (
        "Too many requests. Your requests are being throttled due to system capacity limits. "
        "Try again later."
    )


class StoppingError(CapacityError):
    """The server finishes what runs and takes nothing new."""

    text = "The server is stopping and takes no new requests. Try again in a moment."


class EngineError(QwenVisionError):
    """The engine failed in the middle of its work."""

    text = "The engine '{engine}' failed: {reason}"


class ScriptError(QwenVisionError):
    """A script of the scripted engine cannot be played."""

    status = 400
    type = "invalid_request_error"
    code = "invalid_settings"
    native_code = "InvalidParameter"


class RemoteError(QwenVisionError):
    """A server we called answered with an error; its own words, status and code."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str | None = None,
        param: str | None = None,
        request_id: str | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        """Keep what the other server said.

        Args:
            message: The other server's text.
            status: Its HTTP status.
            code: Its error code, if any.
            param: Path of the field it complained about.
            request_id: Its request id, to quote when asking for help.
            retry_after_s: What it said in Retry-After.
        """
        super().__init__(message, param=param, retry_after_s=retry_after_s)
        self.status = status
        self.code = code
        self.request_id = request_id


class ConnectionFailedError(QwenVisionError):
    """A server we called could not be reached, or broke off."""

    status = 502
    code = "connection_error"
    text = "Cannot reach {host}: {reason}. Check the address (QWEN_BASE_URL) and the network."


class BrokenStreamError(QwenVisionError):
    """The scripted engine rehearses a connection that breaks: the server hangs up.

    `last_bytes` are written first, exactly as they are; then the connection closes without
    an end of the stream.
    """

    text = "The stream broke off before its end."

    def __init__(self, *, last_bytes: bytes = b"") -> None:
        """Break off after writing `last_bytes`."""
        super().__init__()
        self.last_bytes = last_bytes


class StructuredOutputError(QwenVisionError):
    """The engine's answer does not fit the schema, after a second try; this text is ours."""

    code = "invalid_structured_output"
    native_code = "InternalError.Algo"
    text = (
        "The engine '{engine}' gave no JSON that fits the schema, in two tries: {problem}. "
        "Simplify the schema, name its fields in the prompt, or use another model."
    )
