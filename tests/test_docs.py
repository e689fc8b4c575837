"""The pages tell the truth that a machine can check: links, citations, tables."""

import ast
import re
import runpy
import tomllib
from pathlib import Path

import pytest

from qwen_vision import errors
from qwen_vision.cli.config import read_config, upstreams
from qwen_vision.engines.upstream.profile import profiles

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("examples/*.md")])
SOURCES = sorted((ROOT / "src").rglob("*.py"))
DIALECT = ROOT / "docs" / "reference" / "dialect.md"
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(#[^)]*)?\)")
CITED_SECTION = re.compile(r"dialect\.md, ([a-z:\- ]+?)(?=[).,]|\n|$)")


CITED_PAGE = re.compile(r"docs/[\w/.-]+\.md")


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    broken = []
    for target, anchor in LINK.findall(page.read_text("utf-8")):
        found = (page.parent / target).resolve() if target else page
        if not found.exists() or (anchor and anchor[1:] not in _anchors(found)):
            broken.append(target + anchor)
    assert broken == []


def test_every_section_that_code_cites_is_there() -> None:
    headings = {
        heading.lower() for heading in re.findall(r"^#+ (.+)$", DIALECT.read_text("utf-8"), re.M)
    }
    cited = {
        section.strip()
        for source in SOURCES
        for section in CITED_SECTION.findall(re.sub(r"\n\s+", " ", source.read_text("utf-8")))
    }
    assert cited - headings == set()


def test_every_page_that_code_cites_is_there() -> None:
    cited = {page for path in SOURCES for page in CITED_PAGE.findall(path.read_text("utf-8"))}
    assert [page for page in sorted(cited) if not (ROOT / page).is_file()] == []


def test_dialect_page_holds_the_text_of_every_error_of_the_dialect() -> None:
    rows = tomllib.loads((ROOT / "tests" / "errors" / "dialect.toml").read_text("utf-8"))["row"]
    general = {"QwenVisionError", "InvalidRequestError"}
    texts = {getattr(errors, row["error"]).text for row in rows if row["error"] not in general}
    page = DIALECT.read_text("utf-8")
    assert [text for text in sorted(texts) if text not in page] == []


def test_settings_page_lists_every_variable_that_the_code_reads() -> None:
    variable = re.compile(r"\b(?:QWEN|DASHSCOPE)_[A-Z_]*[A-Z]\b|\bNO_COLOR\b")
    page = (ROOT / "docs" / "reference" / "settings.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    listed = {name for row in rows for name in variable.findall(row.split("|")[1])}
    read = {name for path in SOURCES for name in variable.findall(path.read_text("utf-8"))}
    assert listed == read


TABLES = ["catalogue", "snapshots", "prices", "media limits", "pixel parameters"]


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_the_dialect_page_are_those_of_the_code(name: str) -> None:
    make_tables = runpy.run_path(str(ROOT / "docs" / "make_tables.py"))
    assert make_tables["table"](name) in DIALECT.read_text("utf-8")


def _blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.M | re.DOTALL)


def test_configuration_on_the_upstreams_page_can_be_read(tmp_path: Path) -> None:
    (block,) = _blocks(ROOT / "docs" / "guides" / "upstreams.md", "toml")
    file = tmp_path / "qwen-vision.toml"
    file.write_text(block, "utf-8")
    config = read_config(file)
    gpu, service = upstreams(config, [], {"DASHSCOPE_API_KEY": "sk-1"})
    assert (gpu.profile, len(gpu.urls), service.key) == ("vllm", 2, "sk-1")
    page = (ROOT / "docs" / "guides" / "upstreams.md").read_text("utf-8")
    assert [name for name in profiles() if f"| `{name}` |" not in page] == []


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_python_on_a_page_has_no_syntax_error(page: Path) -> None:
    for block in _blocks(page, "python"):
        ast.parse(block)
