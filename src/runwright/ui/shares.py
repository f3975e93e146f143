"""Shares: how far the thin bar of a row is filled, as classes: pages hold no styles of their own, and a drawing each costs too much."""

from __future__ import annotations

_WHOLE, _STEP = 100, 2


def share(part: float | None, whole: float | None) -> str:
    """Return the class of a bar that is filled by the share of a part in the whole; what is there at all is seen."""
    steps = max(1, round(_WHOLE * part / whole / _STEP)) if part and whole else 0
    return f"w{min(_WHOLE, steps * _STEP)}"


def style_sheet() -> str:
    """Return the rules of all these classes as CSS."""
    return "".join(f".w{each} {{ --share: {each}%; }}\n" for each in range(0, _WHOLE + 1, _STEP))
