"""Errors of temporary storage, in the storage service's own words (docs/reference/uploads.md)."""

from qwen_vision.errors.base import QwenVisionError


class StorageError(QwenVisionError):
    """An upload was refused. `code` is the storage service's; nothing of the file was kept."""

    status = 400
    type = "storage_error"
    code = "InvalidArgument"
    native_code = "InvalidParameter"
    text = "The upload cannot be taken as it stands."


class PolicyExpiredError(StorageError):
    """The policy document is over its age; ask for a new one."""

    status = 403
    code = "AccessDenied"
    text = "Invalid according to Policy: Policy expired."


class PolicyConditionError(StorageError):
    """A form field is not what the policy document allows."""

    status = 403
    code = "AccessDenied"
    text = "Invalid according to Policy: Policy Condition failed: {condition}"


class PolicySignatureError(StorageError):
    """The policy document was not signed here, or was changed."""

    status = 403
    code = "SignatureDoesNotMatch"
    text = (
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method."
    )


class AccessKeyIdError(StorageError):
    """The access key id was not given out here."""

    status = 403
    code = "InvalidAccessKeyId"
    text = "The OSS Access Key Id you provided does not exist in our records."


class MalformedFormError(StorageError):
    """The body is no form this storage reads."""

    code = "MalformedPOSTRequest"
    text = "The body of your POST request is not well-formed multipart/form-data. {reason}"


class FormFieldError(StorageError):
    """A field that must stand before the file is missing."""

    text = (
        "Bucket POST must contain a field named '{name}'. If it is specified, please check the "
        "order of the fields."
    )


class ObjectNameError(StorageError):
    """The key is not one that can be stored."""

    code = "InvalidObjectName"
    text = "The specified object is not valid. A key is upload_dir + '/' + one file name."


class ObjectTooLargeError(StorageError):
    """More bytes than the policy allows."""

    code = "EntityTooLarge"
    text = "Your proposed upload exceeds the maximum allowed size of {limit} bytes."


class ObjectExistsError(StorageError):
    """The key already holds other bytes; an upload never changes what a URL stands for."""

    status = 409
    code = "FileAlreadyExists"
    text = "The object you specified already exists and can not be overwritten."


class UploadTimeoutError(StorageError):
    """The bytes came too slowly."""

    code = "RequestTimeout"
    text = "The upload was too slow: it is not complete after {seconds} seconds. Try again."


class StorageFullError(StorageError):
    """No room: the quota of the store or the disk itself."""

    status = 507
    code = "InsufficientStorage"
    text = (
        "The temporary storage is full; nothing was kept. Send the file as a data URI or a URL, "
        "or try again when older uploads have expired."
    )


class StorageUnavailableError(StorageError):
    """The store cannot be opened or reached."""

    status = 503
    code = "ServiceUnavailable"
    text = "The temporary storage cannot be used: {reason}."
