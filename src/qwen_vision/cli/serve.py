"""`qwen-vision serve`: run the OpenAI-compatible server."""

import argparse
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from qwen_vision.cli.call import Call
from qwen_vision.cli.parsing import Parser

if TYPE_CHECKING:
    from argparse import _ArgumentGroup as _Group

    from qwen_vision.settings import MediaSettings

_MOST_WORKERS = 256
_PACKAGES = ("starlette", "uvicorn", "httptools", "prometheus_client")


def run(argv: Sequence[str], call: Call) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit code."""
    options = build_parser().parse_args(argv)
    for package in _PACKAGES:
        _need(package)
    from pathlib import Path

    from qwen_vision.cli.completers import LOCAL_ENGINE
    from qwen_vision.cli.config import check_models, read_config, upstreams, weights
    from qwen_vision.cli.rates import key_rates, rates_of
    from qwen_vision.server.run import serve
    from qwen_vision.settings import MEBIBYTE, EngineSettings, LogSettings, ServerSettings

    config = read_config(Path(options.config) if options.config else None)
    check_models(config, any_model=options.any_model)
    environ = {**call.env_file, **call.environ}
    engines = EngineSettings(
        media=_media(options, call),
        upstreams=upstreams(config, options.upstream, environ),
        weights=weights(config, folder=call.settings.weights.folder),
    )
    rates = rates_of(config, options)
    named = key_rates(config, rates, environ)
    settings = ServerSettings(
        host=options.host,
        port=options.port,
        keys=call.settings.keys | named.keys(),
        engine=_engine(options, config.engine) or LOCAL_ENGINE,
        models=config.models,
        any_model=options.any_model,
        rates=rates,
        key_rates=named,
        max_body_bytes=options.max_body_mb * MEBIBYTE,
        max_concurrent=options.max_concurrent,
        workers=options.workers,
        worker_timeout_s=options.worker_timeout,
        stop_grace_s=options.stop_grace,
        storage=call.settings.storage,
        public_url=call.settings.public_url,
        metrics_key=call.settings.metrics_key,
        log=LogSettings(format=options.log_format, level=options.log_level),
        traces=call.settings.traces,
    )
    serve(settings, engines)
    return 0


def _media(options: argparse.Namespace, call: Call) -> "MediaSettings":
    """How media is taken in, by the environment and the options."""
    from dataclasses import replace
    from pathlib import Path

    from qwen_vision.errors import UsageError

    media = call.settings.media
    fetch = media.fetch
    if options.allow_private_network:
        fetch = replace(fetch, allow_private_network=True)
    if options.allowed_folder is not None:
        folder = Path(options.allowed_folder)
        if not folder.is_dir():
            raise UsageError(f"--allowed-folder is '{folder}', which is not a folder.")
        fetch = replace(fetch, allowed_folder=folder.resolve())
    return replace(media, fetch=fetch)


def _engine(options: argparse.Namespace, configured: str | None) -> str | None:
    """The engine for every model that the configuration gives no other."""
    from qwen_vision.errors import UsageError

    if options.mmproj is not None and options.model is None:
        raise UsageError("--mmproj belongs to --model FILE.gguf.")
    if options.model is not None:
        if options.engine is not None:
            raise UsageError("--model chooses the engine llamacpp; leave --engine out.")
        mmproj = "" if options.mmproj is None else f":{options.mmproj}"
        return f"llamacpp:{options.model}{mmproj}"
    if options.engine is not None:
        return None if options.engine == "local" else str(options.engine)
    if options.upstream:
        return "upstream:" + str(options.upstream[0]).partition("=")[0]
    return configured


def build_parser() -> Parser:
    """The command's options."""
    parser = Parser(
        "serve",
        description="Answer the OpenAI-compatible dialect at http://HOST:PORT/v1 and\n"
        "/compatible-mode/v1. Keys: QWEN_VISION_API_KEYS=key1,key2; without any, only this\n"
        "machine can connect.",
        epilog="examples:\n"
        "  qwen-vision serve --port 8765\n"
        "  qwen-vision serve --upstream vllm=http://127.0.0.1:8000/v1 --workers 2",
    )
    _add_place(parser.add_argument_group("where and how it runs"))
    _add_engines(parser.add_argument_group("who answers"))
    _add_media(parser.add_argument_group("what a request may name"))
    _add_limits(parser.add_argument_group("limits"))
    _add_log(parser.add_argument_group("log, on stderr"))
    return parser


def _add_place(group: "_Group") -> None:
    group.add_argument(
        "--host", default="127.0.0.1", help="address to listen on; by default 127.0.0.1"
    )
    group.add_argument(
        "--port", type=_port, default=8765, metavar="N", help="port; by default 8765, 0 picks one"
    )
    group.add_argument(
        "--workers",
        type=_workers,
        default=1,
        metavar="N",
        help="processes that answer at the port, up to 256; by default 1",
    )
    group.add_argument(
        "--worker-timeout",
        type=_some_seconds,
        default=60.0,
        metavar="S",
        help="seconds after which a worker that hangs is replaced; by default 60",
    )
    group.add_argument(
        "--stop-grace",
        type=_seconds,
        default=30.0,
        metavar="S",
        help="seconds running answers may take when the server is told to stop; by default 30",
    )


def _add_engines(group: "_Group") -> None:
    group.add_argument(
        "--engine", metavar="NAME", help="engine as NAME[:ARGUMENT]; by default embedded"
    )
    group.add_argument(
        "--model",
        metavar="NAME|FILE",
        help="run weights here: a name fetched with 'qwen-vision pull', or a GGUF file",
    )
    group.add_argument("--mmproj", metavar="FILE", help="the vision encoder of that GGUF file")
    group.add_argument(
        "--upstream",
        action="append",
        default=[],
        metavar="NAME=URL",
        help="answer through another server of the dialect; its key in\n"
        "QWEN_VISION_UPSTREAM_KEY_NAME",
    )
    group.add_argument(
        "--config",
        metavar="FILE",
        help="a file with models, engines and limits; by default ./qwen-vision.toml",
    )
    group.add_argument(
        "--any-model", action="store_true", help="serve unknown model names too, with no 404"
    )


def _add_media(group: "_Group") -> None:
    group.add_argument(
        "--allow-private-network",
        action="store_true",
        help="fetch pictures from private addresses too",
    )
    group.add_argument(
        "--allowed-folder", metavar="DIR", help="take file:// pictures from this folder"
    )


def _add_limits(group: "_Group") -> None:
    group.add_argument(
        "--max-body-mb",
        type=_count,
        default=64,
        metavar="N",
        help="largest request body in MiB; by default 64",
    )
    group.add_argument(
        "--max-concurrent",
        type=_count,
        default=64,
        metavar="N",
        help="requests at a time, in each worker; by default 64",
    )
    group.add_argument(
        "--requests-per-minute",
        type=_count,
        metavar="N",
        help="requests each key may make; by default without limit",
    )
    group.add_argument(
        "--tokens-per-minute",
        type=_count,
        metavar="N",
        help="tokens of prompts and answers each key may use; by default without limit",
    )


def _add_log(group: "_Group") -> None:
    group.add_argument(
        "--log-format",
        choices=("text", "json"),
        default="text",
        help="how its lines look; by default text",
    )
    group.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="info",
        help="what is told; by default info, which tells every request",
    )


def _need(package: str) -> None:
    try:
        import_module(package)
    except ImportError as error:
        from qwen_vision.errors import MissingExtraError

        raise MissingExtraError(what="The server", extra="server") from error


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"'{text}' is no port; use 0 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number from 1 up")
    return int(text)


def _workers(text: str) -> int:
    count = _count(text)
    # A slip of the hand would take the whole machine with it.
    if count > _MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"{count} are too many; use 1 to {_MOST_WORKERS}")
    return count


def _seconds(text: str, *, least: float = 0.0) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    # A comparison with NaN is false, so this refuses it as well.
    if not least <= seconds <= 86_400.0:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of seconds, {least:g} to 86400")
    return seconds


def _some_seconds(text: str) -> float:
    return _seconds(text, least=1.0)
