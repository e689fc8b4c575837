"""Code is told by its print: language, functions, imports, comments and values."""

import pytest

from qwen_vision.engines.embedded.documents.program import (
    Function,
    assigned,
    classes,
    comments,
    functions,
    imports,
    language_of_code,
)

PYTHON = """import json
from pathlib import Path

LIMIT = 5

class Shop:
    # opens at nine
    def open(self, hour=9):
        return json.loads(Path("shop.json").read_text())
"""
JAVASCRIPT = """const express = require("express");
const app = express();
// the health of the service
app.get("/health", (req, res) => {
  console.log("asked");
});
const add = (one, two) => one + two;
"""


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (PYTHON, "Python"),
        (JAVASCRIPT, "JavaScript"),
        ('#include <stdio.h>\nint main() {\n  printf("hi");\n}\n', "C"),
        ("package main\n\nfunc main() {\n  x := 1\n  fmt.Println(x)\n}", "Go"),
        ("SELECT name\nFROM users\nWHERE id = 3\nORDER BY name", "SQL"),
        ('fn main() {\n  let mut x = 1;\n  println!("{}", x);\n}', "Rust"),
        ("Dear Sir,\nthank you for your letter.\nYours, Ann", None),
        ("TOTAL 12.50\nCash 20.00\nChange 7.50", None),
    ],
)
def test_the_language_is_told_by_its_lines(text: str, language: str | None) -> None:
    assert language_of_code(text) == language


def test_functions_are_named_with_their_parameters() -> None:
    assert functions(PYTHON) == [Function("open", "self, hour=9")]
    assert functions(JAVASCRIPT) == [Function("add", "one, two")]


def test_imports_classes_and_comments_are_listed() -> None:
    assert imports(PYTHON) == ["json", "Path from pathlib"]
    assert imports(JAVASCRIPT) == ["express"]
    assert classes(PYTHON) == ["Shop"]
    assert comments(PYTHON) == ["opens at nine"]
    assert comments(JAVASCRIPT) == ["the health of the service"]


def test_a_value_is_what_its_name_is_set_to() -> None:
    assert assigned(PYTHON, "LIMIT") == "5"
    assert assigned(PYTHON, "hour") == "9"
    assert assigned(PYTHON, "path") is None
