"""The files for running a server elsewhere say what the code says: commands, flags, pins, paths."""

import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from qwen_vision.cli.config import read_config
from qwen_vision.cli.main import COMMANDS
from qwen_vision.cli.rates import key_rates, rates_of
from qwen_vision.cli.serve import build_parser
from qwen_vision.settings import MEBIBYTE, RateSettings, ServerSettings, Settings

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "examples" / "deploy"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PUBLIC = "0.0.0.0"  # noqa: S104 - what a container listens on


def dockerfile() -> list[tuple[str, str]]:
    """Every instruction and its words."""
    text = re.sub(r"\\\n", "", (ROOT / "Dockerfile").read_text("utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1].strip()) for line in lines]


def check_command(words: list[str]) -> Any:  # noqa: ANN401 - argparse's
    """The options of `qwen-vision WORDS`, which must be real."""
    assert words[0] in COMMANDS
    assert words[0] == "serve"
    return build_parser().parse_args(words[1:])


def exec_form(instruction: str, rest: str) -> list[str]:
    found = yaml.safe_load(rest[rest.index("[") :])
    assert isinstance(found, list), instruction
    return found


def test_image_starts_a_server_that_its_health_check_asks() -> None:
    steps = dict(dockerfile())
    assert exec_form("ENTRYPOINT", steps["ENTRYPOINT"]) == ["qwen-vision"]
    options = check_command(exec_form("CMD", steps["CMD"]))
    assert (options.host, str(options.port)) == (PUBLIC, steps["EXPOSE"])
    assert f"http://127.0.0.1:{options.port}/readyz" in steps["HEALTHCHECK"]
    health = exec_form("HEALTHCHECK", steps["HEALTHCHECK"])
    compile(health[2], "health", "exec")
    assert steps["USER"] not in {"root", "0"}


def test_image_sets_variables_that_the_server_reads() -> None:
    variables = dict(re.findall(r"(\w+)=(\S+)", dict(dockerfile())["ENV"]))
    settings = Settings.from_env(variables)
    volume = dict(dockerfile())["VOLUME"]
    assert settings.storage is not None
    assert settings.storage.folder.is_relative_to(volume)
    assert settings.weights.folder is not None
    assert settings.weights.folder.is_relative_to(volume)


def test_image_copies_what_is_there_and_what_docker_is_sent() -> None:
    sent = (ROOT / ".dockerignore").read_text("utf-8")
    for instruction, rest in dockerfile():
        if instruction == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert f"\n!{source}\n" in sent, source


def test_pins_of_the_image_are_what_the_project_takes() -> None:
    lines = (DEPLOY / "requirements.txt").read_text("utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    found = {name.lower().replace("_", "-"): version for name, version in pins.items()}
    extras = PROJECT["optional-dependencies"]
    for text in (*PROJECT["dependencies"], *extras["embedded"], *extras["server"]):
        wanted = Requirement(text)
        version = found.get(wanted.name.lower().replace("_", "-"))
        assert version is not None, f"{wanted.name} is not pinned"
        assert wanted.specifier.contains(version), f"{wanted} against {version}"


def test_compose_file_starts_the_server_with_real_options() -> None:
    file = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    server = file["services"]["qwen-vision"]
    options = check_command(shlex.split(server["command"].replace("${QWEN_VISION_OPTIONS:-}", "")))
    assert server["ports"] == [f"127.0.0.1:{options.port}:{options.port}"]
    assert (DEPLOY / server["build"] / "Dockerfile").is_file()
    assert server["image"].endswith(f":{PROJECT['version']}")
    (volume,) = (each.split(":") for each in server["volumes"])
    assert volume[0] in file["volumes"]
    assert volume[1] == dict(dockerfile())["VOLUME"]
    # Longer than the server takes at most: its grace and ten seconds to close.
    assert int(server["stop_grace_period"].rstrip("s")) > options.stop_grace + 10


def test_options_in_the_comments_of_the_compose_file_are_real() -> None:
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    said = re.findall(r'QWEN_VISION_OPTIONS="([^"]*)"', text)
    assert said
    for options in said:
        check_command(["serve", *shlex.split(options)])


def blocks(language: str) -> list[str]:
    page = (ROOT / "docs" / "guides" / "deploy.md").read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.M | re.DOTALL)


def test_commands_on_the_page_have_real_options() -> None:
    joined = "\n".join(blocks("sh")).replace("\\\n", " ")
    served = [line.partition("qwen-vision serve")[2] for line in joined.splitlines()]
    said = [shlex.split(line) for line in served if line]
    assert len(said) == 3
    for words in said:
        check_command(["serve", *words])


def test_limits_on_the_page_can_be_read(tmp_path: Path) -> None:
    (block,) = blocks("toml")
    file = tmp_path / "qwen-vision.toml"
    file.write_text(block, "utf-8")
    config = read_config(file)
    environ = {"ALICE_KEY": "sk-1", "QWEN_VISION_API_KEY_ROBOT": "sk-2"}
    general = rates_of(config, build_parser().parse_args([]))
    found = key_rates(config, general, environ)
    assert found["sk-1"] == RateSettings(600, 100_000)
    assert found["sk-2"] == RateSettings(60, 1_000_000)


def unit() -> list[tuple[str, str]]:
    lines = (DEPLOY / "qwen-vision.service").read_text("utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if "=" in line and not line.startswith("#")]
    return [(name, value) for name, _, value in pairs]


def test_unit_starts_the_server_with_real_options_and_waits_for_it_to_stop() -> None:
    said = dict(unit())
    command = shlex.split(said["ExecStart"])
    assert Path(command[0]).name in PROJECT["scripts"]
    options = check_command(command[1:])
    ServerSettings(host=options.host)
    assert int(said["TimeoutStopSec"]) > options.stop_grace + 10
    variables = [value.split("=") for name, value in unit() if name == "Environment"]
    storage = Settings.from_env({name: value for name, value in variables}).storage  # noqa: C416
    assert storage is not None
    assert storage.folder == Path("%S") / said["StateDirectory"] / "uploads"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    text = (DEPLOY / "qwen-vision.service").read_text("utf-8")
    file = tmp_path / "qwen-vision.service"
    file.write_text(text.replace("/opt/qwen-vision/bin/qwen-vision ", "/bin/true "), "utf-8")
    done = subprocess.run(  # noqa: S603 - our own file
        ["systemd-analyze", "verify", str(file)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    about_it = [line for line in done.stderr.splitlines() if file.name in line]
    assert (done.returncode, about_it) == (0, [])


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_nginx_takes_its_site(tmp_path: Path) -> None:
    site = (DEPLOY / "nginx.conf").read_text("utf-8")
    plain = re.sub(r"\n *ssl_\w+ .*", "", site).replace("443 ssl", "127.0.0.1:18443")
    main = f"error_log stderr; pid {tmp_path}/pid; events {{}} http {{ {plain} }}"
    (tmp_path / "nginx.conf").write_text(main, "utf-8")
    done = subprocess.run(  # noqa: S603 - our own file
        ["nginx", "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_proxies_take_the_largest_upload_and_pass_events_on() -> None:
    nginx, caddy = ((DEPLOY / name).read_text("utf-8") for name in ("nginx.conf", "Caddyfile"))
    assert "client_max_body_size 101m;" in nginx
    assert "max_size 101MiB" in caddy
    storage = Settings.from_env({"HOME": "/home/any"}).storage
    assert storage is not None
    assert storage.max_file_bytes < 101 * MEBIBYTE
    assert "proxy_buffering off;" in nginx
    assert "flush_interval -1" in caddy
