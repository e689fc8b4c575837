"""The root of the error tree: what every error of this project knows about itself."""

# A model-level message of the dialect begins with this; gateway-level ones do not.
ALGORITHM_PREFIX = "<400> InternalError.Algo.InvalidParameter: "


class QwenVisionError(Exception):
    """An error that can be told to a caller: status, code, field and a text that helps.

    Class attributes are the wire facts of the error (docs/reference/dialect.md, errors):
    `status` is the HTTP status, `type` and `code` stand in the OpenAI-compatible body,
    `native_code` and `native_text` in the DashScope body, `text` is the literal message when
    the dialect has one. `model_level` errors also carry the completion's `id`.
    """

    status: int = 500
    type: str = "internal_error"
    code: str | None = "internal_error"
    native_code: str = "InternalError.Algo"
    native_text: str = ""
    param: str | None = None
    model_level: bool = False
    # Only an error that another server answered with has one.
    request_id: str | None = None
    text: str = "The server could not finish this request. Try again later."

    def __init__(
        self,
        message: str | None = None,
        *,
        param: str | None = None,
        retry_after_s: int | None = None,
        **facts: object,
    ) -> None:
        """Build the error.

        Args:
            message: Text for the caller; without it the class's literal `text` is used.
            param: Path of the field at fault, such as `messages[0].content[1]`.
            retry_after_s: Seconds after which another try makes sense (429, 503).
            **facts: Values for the placeholders in `text`.
        """
        self.message = self.text.format(**facts) if message is None else message
        if param is not None:
            self.param = param
        self.retry_after_s = retry_after_s
        super().__init__(self.message)


class InvalidRequestError(QwenVisionError):
    """The request cannot be served as it stands: HTTP 400."""

    status = 400
    type = "invalid_request_error"
    code: str | None = "invalid_parameter_error"
    native_code = "InvalidParameter"
    text = "Required parameter(s) missing or invalid, please check the request parameters."
