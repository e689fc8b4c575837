"""The rules of the house that no linter knows: sizes, doors, light imports, public names."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "qwen_vision"
FOLDERS = ("src", "tests", "scripts", "benchmarks", "examples")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
SOURCES = sorted(PACKAGE.rglob("*.py"))
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50

HEAVY = ("av", "cv2", "numpy", "onnxruntime", "PIL", "pypdfium2", "rapidocr", "torch", "xllamacpp")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _module(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _calls(path: Path) -> Iterator[str]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func)


def _inside(path: Path, *places: str) -> bool:
    return path.relative_to(PACKAGE).as_posix().startswith(places)


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    lengths = {_name(path): len(path.read_text("utf-8").splitlines()) for path in FILES}
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def test_no_function_is_longer_than_fifty_lines() -> None:
    too_long = [
        f"{_name(path)}:{node.lineno} {node.name}"
        for path in FILES
        for node in ast.walk(_tree(path))
        if isinstance(node, Function) and (node.end_lineno or 0) - node.lineno >= MAX_FUNCTION_LINES
    ]
    assert too_long == []


def _is_broad(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(ast.unparse(kind) in {"Exception", "BaseException"} for kind in caught)


def test_only_the_two_doors_turn_any_error_into_a_reply() -> None:
    found = [
        f"{_name(path)}:{node.lineno}"
        for path in SOURCES
        if not _inside(path, "server/errors.py", "cli/main.py")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ExceptHandler) and _is_broad(node)
    ]
    assert found == []


def test_only_an_entry_point_reads_the_environment() -> None:
    found = [
        f"{_name(path)}:{node.lineno}"
        for path in SOURCES
        # The library's own entry point: Client.from_env().
        if not _inside(path, "cli/main.py", "client/environment.py")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute | ast.alias)
        and ast.unparse(node) in {"os.environ", "os.getenv", "os.environb", "environ", "getenv"}
    ]
    assert found == []


MEDIA_PACKAGES = {"av", "pypdfium2", "pillow_heif", "PIL.Image.open"}
FETCHING = {"aiohttp", "urllib.request", "http.client", "requests", "httpx"}
READING = ("open", "read_bytes", "imread", "VideoCapture", "urlopen")


def test_media_is_decoded_only_behind_the_media_door() -> None:
    found = {
        _name(path): sorted(MEDIA_PACKAGES.intersection(_imports(path)))
        for path in SOURCES
        if not _inside(path, "media/")
    }
    assert {name: names for name, names in found.items() if names} == {}


def test_only_the_media_door_and_the_callers_of_other_servers_fetch() -> None:
    found = {
        _name(path): sorted(FETCHING.intersection(_imports(path)))
        for path in SOURCES
        if not _inside(path, "media/", "client/", "engines/upstream/", "cli/hub.py")
    }
    assert {name: names for name, names in found.items() if names} == {}


def test_only_doors_read_files() -> None:
    # A script of the scripted engine is text that its author wrote, not media; the header of a
    # weights file is that of the person who starts the engine, the detector's weights are
    # those of an installed package; figures are what the server's own workers have counted.
    own = (
        "engines/scripted/",
        "engines/llamacpp/gguf.py",
        "engines/embedded/perception/objects.py",
        "telemetry/shared.py",
    )
    doors = ("media/", "client/", "storage/", "cli/", *own)
    found = [
        f"{_name(path)}: {call}"
        for path in SOURCES
        if not _inside(path, *doors)
        for call in _calls(path)
        if call.rpartition(".")[2] in READING
    ]
    assert found == []


LIGHT = [
    path
    for path in SOURCES
    if _inside(path, "errors/", "protocol/", "catalogue/", "client/", "settings/", "cli/main.py")
]


def _loaded_after(statement: str) -> set[str]:
    code = f"{statement}; import sys; print(*sys.modules)"
    done = subprocess.run(  # noqa: S603 - our own interpreter and words
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_wire_and_client_load_no_heavy_package() -> None:
    modules = ", ".join(map(_module, LIGHT))
    assert sorted(_loaded_after(f"import {modules}").intersection(HEAVY)) == []


def test_server_loads_nothing_that_decodes_or_perceives() -> None:
    loaded = _loaded_after("import qwen_vision.server.app")
    assert sorted(loaded.intersection(HEAVY) - {"PIL"}) == []


def test_package_itself_loads_nothing_but_itself() -> None:
    loaded = _loaded_after("import qwen_vision")
    ours = {name for name in loaded if name.startswith("qwen_vision")}
    assert ours == {"qwen_vision"}


def _undocumented(path: Path) -> Iterator[str]:
    tree = _tree(path)
    if ast.get_docstring(tree) is None:
        yield f"{_name(path)}: the file"
    for node in tree.body:
        yield from _undocumented_names(path, node)


def _undocumented_names(path: Path, node: ast.stmt, inside: str = "") -> Iterator[str]:
    if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
        return
    # The words stand once, at the function that the overloads belong to.
    if any(ast.unparse(decorator) == "overload" for decorator in node.decorator_list):
        return
    name = f"{inside}{node.name}"
    if ast.get_docstring(node) is None:
        yield f"{_name(path)}: {name}"
    if isinstance(node, ast.ClassDef):
        for member in node.body:
            yield from _undocumented_names(path, member, f"{name}.")


def test_every_file_and_public_name_says_what_the_caller_gets() -> None:
    assert [name for path in SOURCES for name in _undocumented(path)] == []


FORBIDDEN_WORDS = ("Manager", "Handler", "Helper", "Util")


def test_names_come_from_the_glossary_and_not_from_the_junk_drawer() -> None:
    classes = [
        f"{_name(path)}: {node.name}"
        for path in SOURCES
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ClassDef) and node.name.endswith(FORBIDDEN_WORDS)
    ]
    files = [_name(path) for path in SOURCES if path.stem in {"utils", "helpers", "common", "misc"}]
    assert classes + files == []


LATER = (
    "TO" + "DO",
    "FIX" + "ME",
    "unittest" + ".mock",
    "setattr(" + '"qwen_vision',
    "setattr(" + "qwen_vision",
)


def test_nothing_is_left_for_later_and_no_test_patches_our_code() -> None:
    found = [
        f"{_name(path)}: {word}"
        for path in FILES
        for word in LATER
        if word in path.read_text("utf-8")
    ]
    assert found == []
