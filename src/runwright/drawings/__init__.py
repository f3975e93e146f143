"""Drawings: boxes joined by arrows as text: SVG of our own layout, Mermaid and DOT. They know neither flows nor runs."""

from __future__ import annotations

from runwright.drawings.drawing import Drawing
from runwright.drawings.picture import Arrow, Box, Picture

__all__ = ["Arrow", "Box", "Drawing", "Picture"]
