"""Mermaid: a picture in the language that many pages and editors render."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runwright.drawings.picture import Arrow, Box, Picture

_ENTITIES = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "|": "#124;", "\n": " "}


def write(picture: Picture) -> str:
    """Return the text, one statement a line."""
    ids = {box.id: f"n{number}" for number, box in enumerate(picture.boxes)}
    lines = [f"flowchart {'LR' if picture.is_horizontal else 'TD'}"]
    lines += [f"    {ids[box.id]}{_shape(box)}" for box in picture.boxes]
    lines += [f"    {ids[arrow.tail]} {_line(arrow)} {ids[arrow.head]}" for arrow in picture.arrows]
    lines += [f"    style {ids[box.id]} fill:{box.colour}" for box in picture.boxes if box.colour is not None]
    return "\n".join([*lines, ""])


def _shape(box: Box) -> str:
    return f'["{_escaped(box.label)}"]' if box.is_square else f'(["{_escaped(box.label)}"])'


def _line(arrow: Arrow) -> str:
    line = "-.->" if arrow.is_dashed else "-->"
    return f'{line}|"{_escaped(arrow.label)}"|' if arrow.label else line


def _escaped(text: str) -> str:
    return "".join(_ENTITIES.get(letter, letter) for letter in text)
