"""SVG: a picture as an image that any browser shows; every text in it is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from runwright.drawings.layout import lay_out

if TYPE_CHECKING:
    from runwright.drawings.layout import Placed
    from runwright.drawings.picture import Arrow, Box, Picture

_STYLE = "font-family='sans-serif' font-size='13' text-anchor='middle'"
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
    for arrow, route in zip(picture.arrows, layout.routes, strict=True):
        ends = layout.boxes[arrow.tail], layout.boxes[arrow.head]
        lines.append(_arrow(arrow, route, ends, is_horizontal=picture.is_horizontal))
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


def _arrow(arrow: Arrow, route: list[tuple[float, float]], ends: tuple[Placed, Placed], *, is_horizontal: bool) -> str:
    (x0, y0), (x1, y1) = route[0], route[-1]
    tail, head = ends
    start = (x0 + tail.width / 2, y0) if is_horizontal else (x0, y0 + tail.height / 2)
    end = (x1 - head.width / 2, y1) if is_horizontal else (x1, y1 - head.height / 2)
    points = [start, *route[1:-1], end]
    dashes = " stroke-dasharray='5 4'" if arrow.is_dashed else ""
    path = f"<path d='{_curve(points, is_horizontal=is_horizontal)}' fill='none' stroke='#555'{dashes} marker-end='url(#tip)'/>"
    if not arrow.label:
        return path
    (ax, ay), (bx, by) = points[len(points) // 2 - 1], points[len(points) // 2]
    return (
        f"<g>{path}<text x='{(ax + bx) / 2:.1f}' y='{(ay + by) / 2:.1f}' dy='.35em' font-size='11' fill='#333' stroke='#fff' "
        f"stroke-width='3' paint-order='stroke'>{escape(arrow.label)}</text></g>"
    )


def _curve(points: list[tuple[float, float]], *, is_horizontal: bool) -> str:
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
