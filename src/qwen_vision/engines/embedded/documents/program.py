"""Program: what the print of code tells: its language, names, imports and values."""

import re
from dataclasses import dataclass
from typing import Final

_LANGUAGES: Final[tuple[tuple[str, str], ...]] = (
    ("Python", r"^\s*(?:def \w+\(.*\)?.*:\s*$|import \w+(?:\.\w+)*(?: as \w+)?\s*$|from "
               r"[\w.]+ import |"
               r"class \w+.*:\s*$|elif .*:|for \w+ in .*:\s*$|if __name__|print\()"),
    ("TypeScript", r"\b(?:const|let|var) \w+\s*:\s*\w+|\b(?:interface|type) \w+\s*[={]|"
                   r"\)\s*:\s*(?:string|number|void|boolean|Promise)\b"),
    ("JavaScript", r"\b(?:const|let|var) \w+\s*=|=>|\bfunction\s*\w*\s*\(|console\.log|require\(|"
                   r"document\.|===|^\s*export |^\s*import .* from ['\"]"),
    ("Java", r"\bpublic (?:static |final |class |void )|System\.out\.|\bprivate \w+ \w+|"
             r"^\s*import java"),
    ("C#", r"^\s*using [\w.]+;|\bnamespace \w+|Console\.Write|\bpublic .*\{ get;"),
    ("C++", r"#include\s*<\w+>|std::|\bcout\s*<<|\btemplate\s*<"),
    ("C", r"#include\s*[<\"]\w+\.h[>\"]|\bprintf\(|\bint main\(|\bmalloc\("),
    ("Go", r"^\s*package \w+\s*$|\bfunc (?:\(.*\) )?\w+\(|:=|\bfmt\."),
    ("Rust", r"\bfn \w+|\blet mut |println!|\bimpl \w+|->\s*Result|\bpub fn"),
    ("PHP", r"<\?php|\$\w+\s*=|\becho \$|->\w+\("),
    ("Ruby", r"^\s*def \w+[?!]?(?:\(.*\))?\s*$|^\s*end\s*$|\bputs |\brequire ['\"]|\.each do"),
    ("SQL", r"(?i)^\s*(?:select\b.*|from \w+|where \w+|insert into|update \w+ set|create table|"
            r"group by|order by)\b"),
    ("HTML", r"(?i)<!doctype html|</?(?:html|head|body|div|span|p|a|ul|li|table|script)\b[^>]*>"),
    ("CSS", r"^\s*[.#]?[\w-]+(?:\s[.#]?[\w-]+)*\s*\{\s*$|^\s*[\w-]+\s*:\s*[^;]+;\s*$"),
    ("shell", r"^\s*\$ \w+|^#!/bin/(?:ba)?sh|\becho [\"$]|^\s*(?:sudo|apt|cd|export) "),
)  # fmt: skip
_COMPILED: Final = tuple((name, re.compile(words, re.MULTILINE)) for name, words in _LANGUAGES)
# So many lines must read as code, and so many of one language more than of the next.
_FEWEST: Final = 2
_FUNCTION: Final = re.compile(
    r"\b(?:def|function|func|fn|sub)\s+(?:\([^)]*\)\s*)?(?P<name>[A-Za-z_$][\w$]*)\s*"
    r"(?:<[^>]*>)?\((?P<parameters>[^)]*)\)?|"
    r"\b(?:const|let|var)\s+(?P<arrow>[A-Za-z_$][\w$]*)\s*=\s*(?:async\s*)?\((?P<given>[^)]*)\)\s*=>|"
    r"\b(?:public|private|protected|static)\s+(?:[\w<>\[\]]+\s+)+(?P<method>\w+)\s*\((?P<takes>[^)]*)\)"
)
_CLASS: Final = re.compile(r"\b(?:class|struct|interface|trait|enum)\s+(?P<name>[A-Z]\w*)")
_IMPORT: Final = re.compile(
    r"^\s*(?:from\s+(?P<source>[\w.]+)\s+import\s+(?P<names>[\w*, ]+)|"
    r"import\s+(?P<module>[\w.]+(?:\s*,\s*"
    r"[\w.]+)*)|import\b.*\bfrom\s+['\"](?P<file>[^'\"]+)['\"]|.*\brequire\(?\s*['\"](?P<required>[^'\"]+)"
    r"['\"]|#include\s*[<\"](?P<header>[^>\"]+)[>\"]|use\s+(?P<crate>[\w:]+)|using\s+(?P<space>[\w.]+);)",
    re.MULTILINE,
)
_COMMENT: Final = re.compile(
    r"(?:^|\s)(?:#(?!include|!)|//|--\s|/\*)\s*(?P<text>\S.*?)\s*(?:\*/)?$", re.MULTILINE
)
_VALUE: Final = r"\s*(?::\s*\w+\s*)?=\s*(?P<value>\"[^\"]*\"|'[^']*'|[^,;)\n]+)"


@dataclass(frozen=True, slots=True)
class Function:
    """A function that code defines, with its parameters as printed."""

    name: str
    parameters: str


def language_of_code(text: str) -> str | None:
    """The language that most lines of the text read as; None when it is no code, or unclear."""
    scores = {name: len(pattern.findall(text)) for name, pattern in _COMPILED}
    best, second = sorted(scores.items(), key=lambda item: -item[1])[:2]
    clear = best[1] >= _FEWEST and best[1] > second[1]
    return best[0] if clear else None


def functions(text: str) -> list[Function]:
    """The functions and methods defined in the text, in order."""
    found = []
    for match in _FUNCTION.finditer(text):
        name = match["name"] or match["arrow"] or match["method"]
        takes = match["parameters"] or match["given"] or match["takes"] or ""
        found.append(Function(name, takes.strip()))
    return found


def classes(text: str) -> list[str]:
    """The classes defined in the text."""
    return [match["name"] for match in _CLASS.finditer(text)]


def imports(text: str) -> list[str]:
    """What the text imports: modules, headers, or `names from module`."""
    found = []
    for match in _IMPORT.finditer(text):
        if match["source"]:
            found.append(f"{match['names'].strip()} from {match['source']}")
            continue
        keys = ("module", "file", "required", "header", "crate", "space")
        found.append(next(match[key] for key in keys if match[key]))
    return found


def comments(text: str) -> list[str]:
    """The comments in the text."""
    return [match["text"] for match in _COMMENT.finditer(text)]


def assigned(text: str, name: str) -> str | None:
    """What the text first sets a name to, as printed."""
    match = re.search(rf"(?<![\w.]){re.escape(name)}(?!\w){_VALUE}", text)
    return match["value"].strip() if match else None
