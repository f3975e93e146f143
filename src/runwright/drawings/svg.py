"""SVG: a picture as an image that any browser shows; every text in it is escaped."""

from __future__ import annotations

import math
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from runwright.drawings.layout import label_width, lay_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runwright.drawings.layout import Placed
    from runwright.drawings.picture import Arrow, Box, Picture

    Route = list[tuple[float, float]]

_STYLE = "font-family='sans-serif' font-size='13' text-anchor='middle'"
_LABEL_HEIGHT, _APART = 13.0, 6.0
_SHARES = (0.5, 0.7, 0.3, 0.85, 0.15)
_TIP = (
    "<defs><marker id='tip' viewBox='0 0 10 10' refX='9' refY='5' markerWidth='7' markerHeight='7' "
    "orient='auto-start-reverse'><path d='M0 0L10 5L0 10z' fill='#555'/></marker></defs>"
)


def write(picture: Picture) -> str:
    """Return the image."""
    layout = lay_out(picture)
    size = f"width='{layout.width:.0f}' height='{layout.height:.0f}'"
    lines = [
        f"<svg xmlns='http://www.w3.org/2000/svg' {size} viewBox='0 0 {layout.width:.0f} {layout.height:.0f}' {_STYLE}>",
        f"<title>{escape(picture.title)}</title>",
        _TIP,
    ]
    arrows = list(zip(picture.arrows, layout.routes, strict=True))
    lines += [_arrow(arrow, route, is_horizontal=picture.is_horizontal) for arrow, route in arrows]
    lines += _labels(arrows, is_horizontal=picture.is_horizontal)
    lines += [_box(box, layout.boxes[box.id]) for box in picture.boxes]
    return "\n".join([*lines, "</svg>\n"])


def _box(box: Box, at: Placed) -> str:
    fill = escape(box.colour or "#ffffff", quote=True)
    left, top = at.x - at.width / 2, at.y - at.height / 2
    radius = 4 if box.is_square else at.height / 2
    return (
        f"<g><rect x='{left:.1f}' y='{top:.1f}' width='{at.width:.1f}' height='{at.height:.1f}' rx='{radius:.0f}' "
        f"fill='{fill}' stroke='#555'/><text x='{at.x:.1f}' y='{at.y:.1f}' dy='.35em'>{escape(box.label)}</text></g>"
    )


def _arrow(arrow: Arrow, route: Route, *, is_horizontal: bool) -> str:
    dashes = " stroke-dasharray='5 4'" if arrow.is_dashed else ""
    return f"<path d='{_curve(route, is_horizontal=is_horizontal)}' fill='none' stroke='#555'{dashes} marker-end='url(#tip)'/>"


def _labels(arrows: Sequence[tuple[Arrow, Route]], *, is_horizontal: bool) -> list[str]:
    """Return the labels, above all arrows, each where it hides none before it if there is such a place."""
    taken: list[tuple[float, float, float]] = []
    lines: list[str] = []
    for arrow, route in arrows:
        if not arrow.label:
            continue
        width = label_width(arrow.label) + _APART
        places = [_on_curve(route, share, is_horizontal=is_horizontal) for share in _SHARES]
        x, y = next((place for place in places if _is_free(place, width, taken)), places[0])
        taken.append((x, y, width))
        lines.append(
            f"<text x='{x:.1f}' y='{y:.1f}' dy='.35em' font-size='11' fill='#333' stroke='#fff' stroke-width='3' "
            f"paint-order='stroke'>{escape(arrow.label)}</text>"
        )
    return lines


def _is_free(place: tuple[float, float], width: float, taken: Sequence[tuple[float, float, float]]) -> bool:
    x, y = place
    return all(abs(x - u) >= (width + other) / 2 or abs(y - v) >= _LABEL_HEIGHT for u, v, other in taken)


def _on_curve(route: Route, share: float, *, is_horizontal: bool) -> tuple[float, float]:
    """Return the point after this share of the middle one of the pieces that bend, or of the longest where none does."""
    across = 1 if is_horizontal else 0
    pieces = list(pairwise(route))
    bent = [piece for piece in pieces if piece[0][across] != piece[1][across]]
    (x, y), (u, v) = bent[(len(bent) - 1) // 2] if bent else max(pieces, key=lambda piece: math.dist(*piece))
    forth, aside = share * (1.5 - 1.5 * share + share * share), share * share * (3 - 2 * share)
    return (x + (u - x) * (forth, aside)[not is_horizontal], y + (v - y) * (aside, forth)[not is_horizontal])


def _curve(points: Route, *, is_horizontal: bool) -> str:
    """Return the path through the points, each piece leaving and arriving along the direction of the drawing."""
    (x, y), *rest = points
    text = f"M{x:.1f} {y:.1f}"
    for u, v in rest:
        if is_horizontal:
            middle = (x + u) / 2
            text += f"C{middle:.1f} {y:.1f} {middle:.1f} {v:.1f} {u:.1f} {v:.1f}"
        else:
            middle = (y + v) / 2
            text += f"C{x:.1f} {middle:.1f} {u:.1f} {middle:.1f} {u:.1f} {v:.1f}"
        x, y = u, v
    return text
