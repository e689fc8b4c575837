"""The bucket of QWEN_TMP_OSS_*: where an entry point says files go instead of the server."""

from collections.abc import Mapping

from qwen_vision.client.bucket import OwnBucket
from qwen_vision.errors import SettingsError
from qwen_vision.settings import BucketSettings

_PREFIX = "QWEN_TMP_OSS_"
_REGION = "cn-hangzhou"
_FOLDER = "qwencloud-skill-uploads"
_LIFE_S = 86_400


def open_own_bucket(environ: Mapping[str, str]) -> OwnBucket | None:
    """The bucket the variables name; None without one.

    Raises SettingsError for a bucket without its access key or with a life that is no number,
    and MissingExtraError without the `s3` extra.
    """
    if not environ.get(f"{_PREFIX}BUCKET", "").strip():
        return None
    return OwnBucket(read_own_bucket(environ), url_life_s=_life_s(environ))


def read_own_bucket(environ: Mapping[str, str]) -> BucketSettings:
    """Where the bucket is; OSS speaks the S3 protocol at `s3.oss-REGION.aliyuncs.com`."""
    name = _said(environ, "BUCKET")
    for part in ("AK_ID", "AK_SECRET"):
        if not _said(environ, part):
            raise SettingsError(
                f"{_PREFIX}BUCKET is '{name}', but {_PREFIX}{part} is not set. Set it, or unset "
                "the bucket to use the server's own storage.",
                param=f"{_PREFIX}{part}",
            )
    region = (_said(environ, "REGION") or _REGION).removeprefix("oss-")
    endpoint = _said(environ, "ENDPOINT").rstrip("/") or f"s3.oss-{region}.aliyuncs.com"
    if "://" not in endpoint:
        endpoint = f"https://{endpoint}"
    on_oss = endpoint.endswith(".aliyuncs.com")
    return BucketSettings(
        name=name,
        prefix=(_said(environ, "PREFIX") or _FOLDER).strip("/"),
        region=region,
        endpoint=_with_bucket(endpoint, name) if on_oss else endpoint,
        access_key_id=_said(environ, "AK_ID"),
        access_key_secret=_said(environ, "AK_SECRET"),
        virtual_host=on_oss,
    )


def _with_bucket(endpoint: str, name: str) -> str:
    """An endpoint with the bucket in its host name, as OSS wants it."""
    scheme, mark, host = endpoint.partition("://")
    return endpoint if host.startswith(f"{name}.") else f"{scheme}{mark}{name}.{host}"


def _life_s(environ: Mapping[str, str]) -> int:
    value = _said(environ, "URL_EXPIRES")
    if value and (not value.isdigit() or int(value) < 1):
        raise SettingsError(
            f"{_PREFIX}URL_EXPIRES is '{value}'; use a number of seconds.",
            param=f"{_PREFIX}URL_EXPIRES",
        )
    return int(value) if value else _LIFE_S


def _said(environ: Mapping[str, str], part: str) -> str:
    return environ.get(_PREFIX + part, "").strip()
