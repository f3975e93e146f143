"""Picture: what is to be drawn, as boxes joined by arrows; how they look as text is for the formats to say."""

from __future__ import annotations

from typing import NamedTuple


class Box(NamedTuple):
    """One box: `id` is what arrows join, `label` any text, `colour` a CSS colour that may have an opacity, or None."""

    id: str
    label: str
    colour: str | None = None
    is_square: bool = False


class Arrow(NamedTuple):
    """Leads from one box to another, by their ids."""

    tail: str
    head: str
    label: str = ""
    is_dashed: bool = False


class Picture(NamedTuple):
    """Boxes, each before those that its arrows lead to, and the arrows."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    is_horizontal: bool = False
    title: str = ""
