"""qwen-vision.toml and --upstream: what they say, and what they may not."""

from pathlib import Path

import pytest

from qwen_vision.cli.config import read_config, upstreams, weights
from qwen_vision.errors import SettingsError, UsageError

FILE = """
engine = "embedded"

[models]
"qwen3-vl-plus" = "upstream:gpu"

[upstream.gpu]
url = ["http://127.0.0.1:8000/v1", "http://127.0.0.1:8001/v1"]
profile = "vllm"
model = "Qwen/Qwen3-VL-8B-Instruct"
key_env = "GPU_KEY"

[upstream.cloud]
url = "https://dashscope.aliyuncs.com/compatible-mode/v1"

[weights]
threads = 2
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "qwen-vision.toml"
    path.write_text(FILE)
    return path


def test_a_file_names_models_upstreams_and_weights(path: Path) -> None:
    config = read_config(path)
    environ = {"GPU_KEY": "sk-1", "QWEN_VISION_UPSTREAM_KEY_CLOUD": "sk-2"}
    gpu, cloud = upstreams(config, [], environ)
    assert config.models == {"qwen3-vl-plus": "upstream:gpu"}
    assert (len(gpu.urls), gpu.profile, gpu.model) == (2, "vllm", "Qwen/Qwen3-VL-8B-Instruct")
    assert (gpu.key, cloud.key) == ("sk-1", "sk-2")
    assert cloud.profile == "dashscope"
    assert weights(config).threads == 2


def test_a_flag_adds_an_upstream_and_wins_over_the_file(path: Path) -> None:
    found = upstreams(read_config(path), ["gpu=http://127.0.0.1:1/v1", "x=http://a/v1"], {})
    assert [(item.name, item.urls[0]) for item in found] == [
        ("gpu", "http://127.0.0.1:1/v1"),
        ("cloud", "https://dashscope.aliyuncs.com/compatible-mode/v1"),
        ("x", "http://a/v1"),
    ]
    assert found[-1].profile == "openai"


@pytest.mark.parametrize("flag", ["http://a", "gpu", "=http://a"])
def test_a_flag_of_another_shape_is_wrong_usage(flag: str) -> None:
    with pytest.raises(UsageError, match="--upstream takes NAME=URL"):
        upstreams(read_config(None), [flag], {})


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="use one like http"):
        upstreams(read_config(None), ["gpu=file:///etc/passwd"], {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("engine = 3", "Expected `str"),
        ("[serve]", "unknown field `serve`"),
        ("a =", "Invalid value"),
    ],
)
def test_a_bad_file_is_named_with_the_reason(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match="cannot be used") as caught:
        read_config(path)
    assert words in caught.value.message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        read_config(tmp_path / "none.toml")
