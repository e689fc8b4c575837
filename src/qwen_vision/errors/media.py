"""Errors about pictures, videos and where they come from (dialect.md, errors: media)."""

from qwen_vision.errors.base import ALGORITHM_PREFIX, InvalidRequestError

_RESTRICTIONS = "The image length and width do not meet the model restrictions. "
_VIDEO = "The video modality input does not meet the requirements because: "


class MediaError(InvalidRequestError):
    """A picture, a video or a page cannot be used; `param` names the content part."""

    text = "The image format is illegal and cannot be opened"


class InspectionError(MediaError):
    """Family of the errors the dialect files under data inspection."""

    code = "InvalidParameter.DataInspection"
    native_code = "InvalidParameter.DataInspection"
    text = "The media format is not supported or incorrect for the data inspection."


class SmallImageError(MediaError):
    """A side of 10 px or less."""

    model_level = True
    text = (
        ALGORITHM_PREFIX
        + _RESTRICTIONS
        + "[height:{height} or width:{width} must be larger than 10]"
    )


class AspectRatioError(MediaError):
    """One side is more than 200 times the other."""

    model_level = True
    text = (
        ALGORITHM_PREFIX
        + _RESTRICTIONS
        + "[absolute aspect ratio must be smaller than 200, got {ratio}]"
    )


class DownloadError(MediaError):
    """The server that holds the file did not give it."""

    text = "Failed to download multimodal content"


class DownloadTimeoutError(InspectionError):
    """The file came too slowly."""

    text = "Download the media resource timed out during the data inspection process."


class DownloadRefusedError(InspectionError):
    """The address may not be fetched from here."""

    text = "Unable to download the media resource during the data inspection process."


class MediaUrlError(MediaError):
    """Not a URL this server takes; also `oss://` without the resolve header."""

    text = "The provided URL does not appear to be valid. Ensure it is correctly formatted."


class MediaFormatError(InspectionError):
    """The bytes are in a format the dialect does not take."""


class ImageDecodeError(InspectionError):
    """The bytes look like a picture but cannot be decoded."""

    text = "Failed to decode the image during the data inspection."


class ImageSizeError(InspectionError):
    """More pixels than this server decodes."""

    text = "The image size is not supported for the data inspection."


class ContentTypeError(MediaError):
    """The server that holds the file calls it something else."""

    text = "Wrong Content-Type of multimodal url"


class ContentLengthError(MediaError):
    """The server that holds the file does not say how long it is."""

    status = 500
    type = "internal_error"
    code = "InternalError.Algo"
    native_code = "InternalError.Algo"
    text = "Missing Content-Length of multimodal url."


class ImageFormatError(MediaError):
    """Not a picture at all."""


class DataUriTooLongError(MediaError):
    """A data URI over the limit; the stray quote is the dialect's."""

    text = "Exceeded limit on max bytes per data-uri item : {limit}'."


class TooManyDataUrisError(MediaError):
    """Too many data URIs in one request."""

    text = "Exceeded limit on max data-uri per request: {limit}"


class TooManyImagesError(MediaError):
    """Too many pictures in one request."""

    text = "The request has {count} images; at most {limit} are allowed. Send fewer images."


class TooManyVideosError(MediaError):
    """Too many videos in one request."""

    text = "The request has {count} videos; at most {limit} are allowed. Send fewer videos."


class FileTooLargeError(MediaError):
    """A file over the model's byte limit."""

    text = "Multimodal file size is too large"


class VideoError(MediaError):
    """The bytes are no video that can be decoded."""

    text = "Invalid video file."


class VideoTooLongError(MediaError):
    """Longer than the model watches."""

    text = _VIDEO + "The video file is too long."


class VideoTooShortError(MediaError):
    """Shorter than the model watches; this text is ours."""

    text = _VIDEO + "The video file is too short."


class FrameListError(MediaError):
    """A frame list of a wrong length; the spelling is the dialect's."""

    text = _VIDEO + "the range of sequence images shoule be (4, {limit})."


class FpsError(MediaError):
    """`fps` out of range; this text is ours."""

    text = "Range of fps should be [0.1, 10]"


class PixelLimitError(MediaError):
    """min_pixels, max_pixels or total_pixels out of range; this text is ours."""

    text = "Range of {name} should be [{low}, {high}]"


class LocalPathError(MediaError):
    """A request over the wire names a file of the server."""

    text = (
        "The provided URL does not appear to be valid. Ensure it is correctly formatted. "
        "Paths of files are not accepted over the network: send a data: URI or an http(s) URL."
    )


class FileMissingError(MediaError):
    """A local caller names a file that is not there or cannot be read."""

    text = "Cannot read '{path}': {reason}."


class MemoryBudgetError(MediaError):
    """Decoding would take more memory than one request may have."""

    text = (
        "Decoding this request's media would take {needed_bytes} bytes of memory; one request "
        "may take {limit_bytes}. Send fewer or smaller items."
    )
