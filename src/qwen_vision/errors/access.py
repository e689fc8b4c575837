"""Errors about keys, models and accounts (dialect.md, errors: access and model)."""

from qwen_vision.errors.base import InvalidRequestError, QwenVisionError

_HELP = "https://help.aliyun.com/zh/model-studio/error-code#apikey-error"


class IncorrectKeyError(InvalidRequestError):
    """The key sent is not one of the server's."""

    status = 401
    code = "invalid_api_key"
    native_code = "InvalidApiKey"
    native_text = "Invalid API-key provided."
    text = f"Incorrect API key provided. For details, see: {_HELP}"


class MissingKeyError(InvalidRequestError):
    """No key was sent at all."""

    status = 401
    code = None
    native_code = "InvalidApiKey"
    native_text = "No API-key provided."
    # The space at the end is the dialect's.
    text = (
        "You didn't provide an API key. You need to provide your API key in an "
        "Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY). "
    )


class UnsupportedKeyError(InvalidRequestError):
    """A coding-plan key (`sk-sp-`) was given; it cannot call vision models."""

    status = 401
    code = "invalid_api_key"
    native_code = "InvalidApiKey"
    text = (
        "This key begins with 'sk-sp-': it belongs to a coding plan and cannot call vision "
        "models. Use a normal key (it begins with 'sk-')."
    )


class CrossSiteError(InvalidRequestError):
    """A request for a foreign host name, or from a foreign web page, to a server without keys."""

    status = 403
    code = "cross_site_request"
    native_code = "AccessDenied"
    text = (
        "This server has no keys, so it answers only programs and pages of this machine; the "
        "'{header}' header says '{value}'. Call it as 127.0.0.1 or localhost, or start it with "
        "QWEN_VISION_API_KEYS set."
    )


class ModelAccessError(InvalidRequestError):
    """The account may not use this model."""

    status = 403
    code = "AccessDenied.Unpurchased"
    native_code = "AccessDenied.Unpurchased"
    text = "Access to model denied. Please make sure you are eligible for using the model."


class ArrearageError(InvalidRequestError):
    """The account is unpaid."""

    code = "Arrearage"
    native_code = "Arrearage"
    text = "Access denied, please make sure your account is in good standing."


class FreeTierError(InvalidRequestError):
    """The free quota is used up and the account pays for nothing else; this text is ours."""

    status = 403
    type = "insufficient_quota"
    code = "AllocationQuota.FreeTierOnly"
    native_code = "AllocationQuota.FreeTierOnly"
    text = (
        "The free quota of this model is used up. Turn off free-tier-only mode in the account "
        "or choose another model."
    )


class MissingModelError(InvalidRequestError):
    """The request names no model."""

    code = "missing_required_parameter"
    native_code = "BadRequest.EmptyModel"
    native_text = 'Required parameter "model" missing from request.'
    param = "model"
    text = "you must provide a model parameter"


class MissingMessagesError(InvalidRequestError):
    """The request has no `messages`; the dialect spells the parameter `message`."""

    code = "missing_required_parameter"
    native_code = "InvalidParameter"
    native_text = 'Either "prompt" or "messages" must exist and cannot both be none'
    param = "message"
    text = "you must provide a messages parameter"


class ModelNotFoundError(InvalidRequestError):
    """No such model in the catalogue."""

    status = 404
    code = "model_not_found"
    native_code = "ModelNotFound"
    native_text = "Model can not be found."
    param = "model"
    text = "The model `{model}` does not exist or you do not have access to it."


class ModelNotCompatibleError(InvalidRequestError):
    """The model exists, but not in the OpenAI-compatible dialect."""

    status = 404
    code = "model_not_supported"
    native_code = "InvalidParameter"
    param = "model"
    text = "Unsupported model `{model}` for OpenAI compatibility mode."


class CodingPlanModelError(InvalidRequestError):
    """A coding-plan endpoint does not offer this model."""

    param = "model"
    text = "model `{model}` is not supported."


class WrongServiceError(InvalidRequestError):
    """The model was sent to a native service of another kind; the full-width mark is theirs."""

    param = "model"
    text = (
        "url error, please check url\uff01 For details, see: "
        "https://help.aliyun.com/zh/model-studio/error-code#error-url"
    )


class MissingInputError(InvalidRequestError):
    """A native request has no `input`."""

    code = "BadRequest.EmptyInput"
    native_code = "BadRequest.EmptyInput"
    param = "input"
    text = 'Required parameter "input" missing from request.'


class MissingParametersError(InvalidRequestError):
    """A native request has no `parameters` where the service needs them."""

    code = "BadRequest.EmptyParameters"
    native_code = "BadRequest.EmptyParameters"
    param = "parameters"
    text = 'Required parameter "parameters" missing from request.'


class RouteNotFoundError(InvalidRequestError):
    """No such path on this server."""

    status = 404
    code = "not_found"
    native_code = "InvalidParameter"
    text = (
        "There is no '{path}' here. This server answers POST /v1/chat/completions and "
        "GET /v1/models, also under /compatible-mode."
    )


class MethodNotAllowedError(InvalidRequestError):
    """The path exists, but not for this HTTP method; the dialect answers 400, not 405."""

    text = "Request method '{method}' is not supported."


class SettingsError(QwenVisionError):
    """A setting from the environment, a file or the command line cannot be used."""

    status = 400
    type = "invalid_request_error"
    code = "invalid_settings"
    native_code = "InvalidParameter"


class UsageError(SettingsError):
    """The command line was called in a way it does not take: exit code 2."""

    code = "usage"


class MissingExtraError(QwenVisionError):
    """An optional part of the project is not installed."""

    status = 501
    code = "missing_packages"
    native_code = "InternalError"
    text = "{what} needs more packages. Run: pip install 'qwen-vision[{extra}]'"
