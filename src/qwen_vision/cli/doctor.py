"""`qwen-vision doctor`: what is installed, and which engine would answer and why."""

import platform
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata

from qwen_vision import __version__
from qwen_vision.cli.call import Call
from qwen_vision.cli.parsing import Parser, add_engine

# Extras that nobody needs to use the project.
_OF_THE_TESTS = ("clients", "dev")


@dataclass(frozen=True, slots=True)
class Part:
    """An optional part of the project: its packages by version, None for a missing one."""

    extra: str
    packages: dict[str, str | None]

    @property
    def is_whole(self) -> bool:
        """Whether every package is there."""
        return all(self.packages.values())

    @property
    def remedy(self) -> str:
        """How to install what is missing."""
        return f"pip install 'qwen-vision[{self.extra}]'"


@dataclass(frozen=True, slots=True)
class Report:
    """Everything doctor says; the key itself is not in it."""

    version: str
    python: str
    platform: str
    engine: str
    why: str
    host: str | None
    key_is_set: bool
    key_from: str | None
    base_url_from: str | None
    engines: dict[str, str]
    extras: dict[str, Part]
    tesseract: str | None
    problems: tuple[str, ...]


def run(argv: Sequence[str], call: Call) -> int:
    """Print the report; exit code 1 when the engine that would answer cannot."""
    options = build_parser().parse_args(argv)
    report = examine(call, engine=options.engine)
    if options.json:
        import msgspec

        text = msgspec.json.format(msgspec.json.encode(report), indent=2).decode()
        sys.stdout.write(f"{text}\n")
    else:
        sys.stdout.write("\n".join(_lines(report)) + "\n")
    return 1 if report.problems else 0


def examine(call: Call, *, engine: str | None) -> Report:
    """Look at this installation, the environment and the working folder."""
    from qwen_vision.cli.completers import choose_engine
    from qwen_vision.engines.registry import engine_names
    from qwen_vision.settings import ADDRESS_VARIABLES, KEY_VARIABLES

    choice = choose_engine(engine, call.settings)
    engines = {name: _engine_state(name) for name in engine_names()}
    problems = []
    if choice.remote is None:
        name = choice.name.partition(":")[0]
        state = engines.get(name, f"there is no engine '{name}'")
        if state != "ready":
            problems.append(f"engine {name}: {state}")
    else:
        problems += _remote_problems(choice.remote.key)
    return Report(
        version=__version__,
        python=platform.python_version(),
        platform=platform.platform(terse=True),
        engine=choice.name,
        why=choice.why,
        host=None if choice.remote is None else choice.place,
        key_is_set=choice.remote is not None and choice.remote.key is not None,
        key_from=_said(call.source(KEY_VARIABLES)),
        base_url_from=_said(call.source(ADDRESS_VARIABLES)),
        engines=engines,
        extras=_extras(),
        tesseract=shutil.which("tesseract"),
        problems=tuple(problems),
    )


def _remote_problems(key: str | None) -> list[str]:
    if key is not None and key.startswith("sk-sp-"):
        return ["the key begins with 'sk-sp-' (coding plan) and cannot call vision models"]
    return []


def _engine_state(name: str) -> str:
    """`ready`, or what to do about the engine; loading it must not end the report."""
    from qwen_vision.engines.registry import find_plugin
    from qwen_vision.errors import QwenVisionError

    try:
        extra = find_plugin(name).missing()
    except QwenVisionError as error:
        return error.message
    except (ImportError, AttributeError) as error:
        return f"cannot be loaded: {error}"
    return "ready" if extra is None else f"pip install 'qwen-vision[{extra}]'"


def _said(source: "tuple[str, str] | None") -> str | None:
    return None if source is None else " in ".join(source)


def _extras() -> dict[str, Part]:
    found: dict[str, dict[str, str | None]] = {}
    for requirement in metadata.requires("qwen-vision") or ():
        wanted, _, marker = requirement.partition(";")
        extra = marker.partition("extra ==")[2].strip().strip("'\"() ")
        if extra and extra not in _OF_THE_TESTS:
            package = _package_name(wanted)
            found.setdefault(extra, {})[package] = _version(package)
    return {extra: Part(extra, packages) for extra, packages in sorted(found.items())}


def _package_name(requirement: str) -> str:
    for position, letter in enumerate(requirement):
        if not (letter.isalnum() or letter in "-_."):
            return requirement[:position]
    return requirement


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _lines(report: Report) -> list[str]:
    where = f" at {report.host}" if report.host else ""
    lines = [
        f"qwen-vision {report.version}, Python {report.python}, {report.platform}",
        "",
        f"answers: {report.engine}{where}, because {report.why}",
        f"key:     {'set, ' + str(report.key_from) if report.key_is_set else 'not used'}",
    ]
    if report.base_url_from:
        lines.append(f"address: {report.base_url_from}")
    lines += ["", "engines:"]
    lines += [f"  {name:10} {state}" for name, state in report.engines.items()]
    lines += ["", "optional parts:"]
    for part in report.extras.values():
        state = ", ".join(f"{name} {version}" for name, version in part.packages.items() if version)
        lines.append(f"  {part.extra:10} {state if part.is_whole else part.remedy}")
    lines.append(f"  {'tesseract':10} {report.tesseract or 'not found'}")
    lines += ["", *(f"problem: {problem}" for problem in report.problems)]
    return lines[: None if report.problems else -1]


def build_parser() -> Parser:
    """The command's options."""
    parser = Parser(
        "doctor", description="Say what is installed here and which engine would answer."
    )
    add_engine(parser)
    parser.add_argument("--json", action="store_true", help="the same as JSON")
    return parser
