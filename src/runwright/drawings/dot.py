"""DOT: a picture in the language of graphviz."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runwright.drawings.picture import Arrow, Box, Picture

_PLAIN = re.compile(r"[A-Za-z_\x80-\uffff][\w\x80-\uffff]*|-?(?:\.\d+|\d+(?:\.\d*)?)")
_WORDS = {"node", "edge", "graph", "digraph", "subgraph", "strict"}


def write(picture: Picture) -> str:
    """Return the text, one statement a line."""
    lines = ["digraph {"]
    if picture.is_horizontal:
        lines.append("\trankdir=LR")
    lines += [f"\t{_quoted(box.id)} [{_attributes(_of_box(box))}]" for box in picture.boxes]
    for arrow in picture.arrows:
        attributes = _attributes(_of_arrow(arrow))
        lines.append(f"\t{_quoted(arrow.tail)} -> {_quoted(arrow.head)}" + (f" [{attributes}]" if attributes else ""))
    return "\n".join([*lines, "}\n"])


def _of_box(box: Box) -> dict[str, str]:
    shape = "box" if box.is_square else "ellipse"
    colour = {} if box.colour is None else {"color": box.colour, "colorscheme": "svg"}
    return {"label": box.label, **colour, "shape": shape, **({"style": "filled"} if colour else {})}


def _of_arrow(arrow: Arrow) -> dict[str, str]:
    label = {"label": arrow.label} if arrow.label else {}
    return {**label, **({"style": "dashed"} if arrow.is_dashed else {})}


def _attributes(values: dict[str, str]) -> str:
    return " ".join(f"{name}={_quoted(value)}" for name, value in values.items())


def _quoted(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
