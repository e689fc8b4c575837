"""The page on security names tests that are there, and nothing here unpickles."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "concepts" / "security.md"
UNSAFE = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}


def test_every_test_the_page_on_security_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text("utf-8")))
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)\(", path.read_text("utf-8"))
    }
    assert named
    assert sorted(named - there) == []


def test_nothing_is_unpickled() -> None:
    imported = {
        alias.name.partition(".")[0] if isinstance(node, ast.Import) else node.module
        for path in (ROOT / "src").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert UNSAFE.isdisjoint(imported)
