"""Settings: what the environment says, and what it may not say."""

from pathlib import Path

import pytest

from qwen_vision.errors import SettingsError
from qwen_vision.settings import (
    DEFAULT_BASE_URL,
    BucketSettings,
    FetchSettings,
    MediaSettings,
    RateSettings,
    RemoteSettings,
    ServerSettings,
    Settings,
    UpstreamSettings,
    read_env_file,
)

INTERNATIONAL = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1"


def test_empty_environment_means_local_and_careful() -> None:
    settings = Settings.from_env({"PATH": "/bin", "QWEN_VISION_UNHEARD_OF": "x"})
    assert settings == Settings()
    assert settings.remote is None
    assert settings.media == MediaSettings(fetch=FetchSettings(allow_private_network=False))
    assert settings.keys == frozenset()


REMOTES = [
    ({"DASHSCOPE_API_KEY": "sk-1"}, RemoteSettings(DEFAULT_BASE_URL, "sk-1")),
    (
        {"DASHSCOPE_API_KEY": "sk-1", "QWEN_API_KEY": "sk-2"},
        RemoteSettings(DEFAULT_BASE_URL, "sk-2"),
    ),
    (
        {"QWEN_BASE_URL": "http://localhost:8765/v1/"},
        RemoteSettings("http://localhost:8765/v1", None),
    ),
    (
        {"QWEN_API_KEY": "sk-1", "QWEN_REGION": "ap-southeast-1"},
        RemoteSettings(INTERNATIONAL, "sk-1"),
    ),
    (
        {"QWEN_API_KEY": "sk-1", "QWEN_REGION": "none", "QWEN_BASE_URL": "http://h/v1"},
        RemoteSettings("http://h/v1", "sk-1", one_address=True),
    ),
    (
        {"QWEN_API_KEY": "sk-1", "QWEN_REGION": "mars", "QWEN_BASE_URL": "http://h/v1"},
        RemoteSettings("http://h/v1", "sk-1"),
    ),
    ({"QWEN_BASE_URL": "http://localhost:8765"}, RemoteSettings("http://localhost:8765/v1")),
    (
        {"QWEN_API_KEY": "sk-1", "QWEN_REGION": "international"},
        RemoteSettings(INTERNATIONAL, "sk-1"),
    ),
    ({"QWEN_API_KEY": "", "QWEN_BASE_URL": ""}, None),
    ({"QWEN_REGION": "us-east-1"}, None),
]


@pytest.mark.parametrize(("environ", "expected"), REMOTES)
def test_remote_server_is_named_by_key_address_and_region(
    environ: dict[str, str], expected: RemoteSettings | None
) -> None:
    assert Settings.from_env(environ).remote == expected


def test_native_dialect_is_at_the_same_host_or_with_region_none_at_the_same_address() -> None:
    assert RemoteSettings("http://h:1/v1").native_url == "http://h:1/api/v1"
    assert RemoteSettings("http://h/x", one_address=True).native_url == "http://h/x"


def test_unknown_region_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"'mars'.*ap-southeast-1.*QWEN_BASE_URL") as caught:
        Settings.from_env({"QWEN_API_KEY": "sk-1", "QWEN_REGION": "mars"})
    assert caught.value.param == "QWEN_REGION"


def test_keys_and_domains_are_lists_with_commas() -> None:
    settings = Settings.from_env(
        {
            "QWEN_VISION_API_KEYS": " one, two,,",
            "QWEN_VISION_ALLOWED_DOMAINS": "example.com, img.example.com",
            "QWEN_VISION_DENIED_DOMAINS": "bad.example.com",
        }
    )
    assert settings.keys == {"one", "two"}
    assert settings.media.fetch.allowed_domains == ("example.com", "img.example.com")
    assert settings.media.fetch.denied_domains == ("bad.example.com",)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1", True), ("true", True), ("ON", True), ("", False), ("0", False), ("no", False)],
)
def test_switch_takes_the_usual_words(value: str, *, expected: bool) -> None:
    environ = {"QWEN_VISION_ALLOW_PRIVATE_NETWORK": value}
    assert Settings.from_env(environ).media.fetch.allow_private_network is expected


def test_largest_data_uri_is_a_number_of_bytes() -> None:
    environ = {"QWEN_VISION_MAX_DATA_URI_BYTES": " 20971520 "}
    assert Settings.from_env(environ).media.max_data_uri_bytes == 20_971_520


def test_a_receiver_of_traces_is_named_by_the_variables_of_its_specification() -> None:
    environ = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318/",
        "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20sk-secret, x-tenant=a",
    }
    traces = Settings.from_env(environ).traces
    assert traces is not None
    assert traces.endpoint == "http://collector:4318/v1/traces"
    assert traces.headers == {"authorization": "Bearer sk-secret", "x-tenant": "a"}
    assert traces.service_name == "qwen-vision"
    assert "sk-secret" not in repr(traces)


def test_the_whole_address_of_a_receiver_wins() -> None:
    environ = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://traces.example.com/in",
        "OTEL_SERVICE_NAME": "eyes",
    }
    traces = Settings.from_env(environ).traces
    assert traces is not None
    assert (traces.endpoint, traces.service_name) == ("https://traces.example.com/in", "eyes")


def test_the_key_of_the_metrics_does_not_show() -> None:
    settings = Settings.from_env({"QWEN_VISION_METRICS_KEY": "scrape-secret"})
    assert settings.metrics_key == "scrape-secret"
    assert "scrape-secret" not in repr(settings)
    assert "scrape-secret" not in repr(ServerSettings(metrics_key=settings.metrics_key))


BAD_VALUES = [
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector"),
    ("QWEN_VISION_ALLOW_PRIVATE_NETWORK", "perhaps"),
    ("QWEN_VISION_HUB_URL", "hub.example.com"),
    ("QWEN_VISION_PUBLIC_URL", "vision.example.com"),
    ("QWEN_VISION_MAX_DATA_URI_BYTES", "ten"),
    ("QWEN_VISION_MAX_DATA_URI_BYTES", "0"),
    ("QWEN_VISION_MAX_DATA_URI_BYTES", "-5"),
    ("QWEN_VISION_ALLOWED_FOLDER", "/there/is/no/such/folder"),
]


@pytest.mark.parametrize(("name", "value"), BAD_VALUES)
def test_value_that_cannot_be_used_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({name: value})
    assert caught.value.param == name
    assert f"'{value}'" in caught.value.message


def test_allowed_folder_is_kept_without_links(tmp_path: Path) -> None:
    folder = tmp_path / "media"
    folder.mkdir()
    link = tmp_path / "link"
    link.symlink_to(folder)
    settings = Settings.from_env({"QWEN_VISION_ALLOWED_FOLDER": str(link)})
    assert settings.media.fetch.allowed_folder == folder.resolve()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.5", "::1", "localhost"])
def test_server_without_keys_listens_to_this_machine_only(host: str) -> None:
    assert ServerSettings(host=host).keys == frozenset()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com", ""])  # noqa: S104 - the addresses that must be refused
def test_server_without_keys_refuses_an_address_others_can_reach(host: str) -> None:
    with pytest.raises(SettingsError, match="QWEN_VISION_API_KEYS"):
        ServerSettings(host=host)
    assert ServerSettings(host=host, keys=frozenset({"k"})).host == host


def test_no_key_ever_shows_when_settings_are_printed() -> None:
    settings = Settings.from_env(
        {"QWEN_API_KEY": "sk-secret", "QWEN_VISION_API_KEYS": "server-secret"}
    )
    server = ServerSettings(keys=settings.keys, key_rates={"sk-secret": RateSettings(1)})
    far = UpstreamSettings("far", ("http://far/v1",), key="sk-secret")
    assert "secret" not in f"{settings!r} {settings.remote!r} {server!r} {far!r}"


def test_env_file_takes_quotes_comments_and_export() -> None:
    text = (
        "# keys\n"
        "export QWEN_API_KEY='sk-1'\n"
        'QWEN_BASE_URL = "http://h/v1"\n'
        "QWEN_REGION=us-east-1 # Virginia\n"
        "#COMMENTED=1\n"
        "EMPTY=\n"
        "HASH=a#b\n"
        "not a line\n"
        "\n"
    )
    assert read_env_file(text) == {
        "QWEN_API_KEY": "sk-1",
        "QWEN_BASE_URL": "http://h/v1",
        "QWEN_REGION": "us-east-1",
        "EMPTY": "",
        "HASH": "a#b",
    }


def test_uploads_are_kept_in_the_users_state_folder_by_default() -> None:
    home = Settings.from_env({"HOME": "/home/ann"}).storage
    state = Settings.from_env({"HOME": "/home/ann", "XDG_STATE_HOME": "/state"}).storage
    named = Settings.from_env({"QWEN_VISION_STORAGE_FOLDER": "/data/uploads"}).storage
    assert home is not None
    assert state is not None
    assert named is not None
    assert home.folder == Path("/home/ann/.local/state/qwen-vision/uploads")
    assert state.folder == Path("/state/qwen-vision/uploads")
    assert named.folder == Path("/data/uploads")
    assert named.bucket is None


def test_a_bucket_holds_uploads_when_one_is_named() -> None:
    storage = Settings.from_env(
        {
            "QWEN_VISION_STORAGE_FOLDER": "/data/uploads",
            "QWEN_VISION_STORAGE_QUOTA_MB": "5",
            "QWEN_VISION_BUCKET": "s3://pictures/of/us/",
            "QWEN_VISION_BUCKET_ENDPOINT": "http://localhost:9000/",
            "QWEN_VISION_BUCKET_KEY_ID": "id",
            "QWEN_VISION_BUCKET_KEY_SECRET": "hush",
            "QWEN_VISION_BUCKET_VIRTUAL_HOST": "1",
        }
    ).storage
    assert storage is not None
    assert storage.quota_bytes == 5 * 1024 * 1024
    assert storage.bucket == BucketSettings(
        name="pictures",
        prefix="of/us",
        endpoint="http://localhost:9000",
        access_key_id="id",
        access_key_secret="hush",  # noqa: S106  a test's word
        virtual_host=True,
    )
    assert "hush" not in repr(storage)
