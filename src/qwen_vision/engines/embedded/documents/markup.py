"""Markup: pages and tables as HTML, Markdown, LaTeX and CSV."""

import csv
import html
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from qwen_vision.engines.embedded.documents.layout import Part
from qwen_vision.engines.embedded.documents.lists import Item
from qwen_vision.engines.embedded.facts import Box, Cell, Table

# The coordinates of a box in the model's family, as its documents write them: `x1 y1 x2 y2`.
Place = Callable[[Box], str]

_LATEX: Final = str.maketrans(
    {
        "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%",
        "#": r"\#", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    }
)  # fmt: skip


def html_table(table: Table, *, attributes: str = "") -> str:
    """The table as HTML with row and column spans."""
    rows = []
    for cells in _rows(table):
        inner = "".join(_html_cell(cell) for cell in cells)
        rows.append(f"<tr>{inner}</tr>")
    return f"<table{attributes}>\n" + "\n".join(rows) + "\n</table>"


def markdown_table(table: Table) -> str:
    """The table as a pipe table; its first row is the header, a span repeats as empty cells."""
    grid = _grid(table)
    lines = ["| " + " | ".join(_pipe(text) for text in row) + " |" for row in grid]
    rule = "|" + " --- |" * table.columns
    return "\n".join([*lines[:1], rule, *lines[1:]])


def csv_table(table: Table) -> str:
    """The table as CSV, quoted where needed."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(_grid(table))
    return out.getvalue().rstrip("\n")


def json_table(table: Table) -> str:
    """The table as a JSON array of rows, keyed by its first row where that names each column."""
    head, *rows = _grid(table)
    if len(set(head) - {""}) == table.columns and rows:
        records: list[object] = [dict(zip(head, row, strict=True)) for row in rows]
    else:
        records = [head, *rows]
    inner = ",\n".join("  " + json.dumps(record, ensure_ascii=False) for record in records)
    return f"[\n{inner}\n]"


def latex_table(table: Table) -> str:
    """The table as a `tabular`."""
    rows = [" & ".join(text.translate(_LATEX) for text in row) + r" \\" for row in _grid(table)]
    columns = "l" * table.columns
    inner = "\n".join(rows)
    return f"\\begin{{tabular}}{{{columns}}}\n{inner}\n\\end{{tabular}}"


def html_page(parts: Sequence[Part], place: Place) -> Iterator[str]:
    """The page as HTML, part by part, each with its `data-bbox`."""
    for part in parts:
        where = f' data-bbox="{place(part.box)}"'
        if part.table is not None:
            yield html_table(part.table, attributes=where)
            continue
        if part.kind == "list":
            yield _html_list(part.items, place)
            continue
        text = "<br/>".join(html.escape(line, quote=False) for line in part.texts)
        tag = f"h{part.level}" if part.kind == "title" else "p"
        yield f"<{tag}{where}>{text}</{tag}>"


def markdown_page(parts: Sequence[Part], place: Place | None) -> Iterator[str]:
    """The page as Markdown, part by part; with `place`, tables carry their box in a comment."""
    for part in parts:
        if part.table is not None:
            note = f"<!-- Table ({place(part.box).replace(' ', ', ')}) -->\n" if place else ""
            yield note + markdown_table(part.table)
        elif part.kind == "title":
            yield "#" * part.level + " " + " ".join(part.texts)
        elif part.kind == "list":
            yield "\n".join(_markdown_item(item) for item in part.items)
        else:
            yield "\n".join(_plain(line) for line in part.texts)


def latex_page(parts: Sequence[Part]) -> Iterator[str]:
    """The body of the page as LaTeX, part by part."""
    for part in parts:
        if part.table is not None:
            yield latex_table(part.table)
        elif part.kind == "title":
            command = "sub" * min(part.level - 1, 2) + "section*"
            yield f"\\{command}{{{' '.join(part.texts).translate(_LATEX)}}}"
        elif part.kind == "list":
            yield _latex_list(part.items)
        else:
            yield "\n".join(line.translate(_LATEX) for line in part.texts)


def _markdown_item(item: Item) -> str:
    """An item, indented by its depth; three spaces nest under a number as under a bullet."""
    return "   " * item.depth + (f"{item.number}. " if item.number else "- ") + item.text


def _html_list(items: Sequence[Item], place: Place) -> str:
    """Nested `ul` and `ol` whose items carry their boxes."""
    lines: list[str] = []
    open_tags: list[str] = []
    for item in items:
        while len(open_tags) > item.depth + 1:
            lines.append(f"</{open_tags.pop()}>")
        if len(open_tags) <= item.depth:
            open_tags.append("ol" if item.number else "ul")
            start = f' start="{item.number}"' if item.number > 1 else ""
            lines.append(f"<{open_tags[-1]}{start}>")
        text = html.escape(item.text, quote=False)
        lines.append(f'<li data-bbox="{place(item.box)}">{text}</li>')
    lines += [f"</{tag}>" for tag in reversed(open_tags)]
    return "\n".join(lines)


def _latex_list(items: Sequence[Item]) -> str:
    lines: list[str] = []
    open_names: list[str] = []
    for item in items:
        while len(open_names) > item.depth + 1:
            lines.append(f"\\end{{{open_names.pop()}}}")
        if len(open_names) <= item.depth:
            open_names.append("enumerate" if item.number else "itemize")
            lines.append(f"\\begin{{{open_names[-1]}}}")
        lines.append(r"\item " + item.text.translate(_LATEX))
    lines += [f"\\end{{{name}}}" for name in reversed(open_names)]
    return "\n".join(lines)


def _rows(table: Table) -> list[list[Cell]]:
    rows: list[list[Cell]] = [[] for _ in range(table.rows)]
    for cell in table.cells:
        rows[cell.row].append(cell)
    return [sorted(row, key=lambda cell: cell.column) for row in rows]


def _html_cell(cell: Cell) -> str:
    tag = "th" if cell.is_header else "td"
    spans = "".join(
        f' {name}="{count}"'
        for name, count in (("rowspan", cell.row_span), ("colspan", cell.column_span))
        if count > 1
    )
    return f"<{tag}{spans}>{html.escape(cell.text, quote=False)}</{tag}>"


def _grid(table: Table) -> list[list[str]]:
    grid = [[""] * table.columns for _ in range(table.rows)]
    for cell in table.cells:
        grid[cell.row][cell.column] = cell.text
    return grid


def _pipe(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _plain(line: str) -> str:
    """A line that does not turn into a heading, list or quote by its first character."""
    return re.sub(r"^([#>]|[-+*](?= )|\d+(?=[.)] ))", r"\\\1", line)
