"""Drawing: a picture with the format somebody chose, and the door to every format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from runwright.errors import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from runwright.drawings.picture import Picture


class Drawing:
    """A picture in every format: `svg`, `mermaid` and `dot` are texts, `str()` is the one in the chosen `format`."""

    def __init__(self, picture: Picture, format: str = "svg") -> None:  # noqa: A002  the documented name
        """Choose a format; raises `ValueError` for one that there is not."""
        if format not in _WRITERS:
            raise ValueError(
                f"There is no format {format!r}; there are {', '.join(_WRITERS)}.{did_you_mean(format, _WRITERS)}"
            )
        self.picture = picture
        self.format = format

    @property
    def svg(self) -> str:
        """Return the drawing as SVG."""
        from runwright.drawings import svg  # noqa: PLC0415  each format is loaded by those who want it

        return svg.write(self.picture)

    @property
    def dot(self) -> str:
        """Return the picture in the language of graphviz, which is not needed for it."""
        from runwright.drawings import dot  # noqa: PLC0415  as above

        return dot.write(self.picture)

    source = dot

    @property
    def mermaid(self) -> str:
        """Return the picture in the language of Mermaid, which many pages render."""
        from runwright.drawings import mermaid  # noqa: PLC0415  as above

        return mermaid.write(self.picture)

    def save(self, filename: str) -> str:
        """Write the text to `filename`, with the format's ending where it has none, and return the path."""
        path = Path(filename)
        if path.suffix.lstrip(".") not in _ENDINGS.values():
            path = path.with_name(f"{path.name}.{_ENDINGS[self.format]}")
        path.write_text(str(self), encoding="utf-8")
        return str(path)

    def __str__(self) -> str:
        """Return the text in the chosen format."""
        return _WRITERS[self.format](self)

    def _repr_svg_(self) -> str:
        return self.svg


_ENDINGS = {"svg": "svg", "mermaid": "mmd", "dot": "dot"}
_WRITERS: dict[str, Callable[[Drawing], str]] = {
    "svg": lambda drawing: drawing.svg,
    "mermaid": lambda drawing: drawing.mermaid,
    "dot": lambda drawing: drawing.dot,
}
