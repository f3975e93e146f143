"""Renderings: templates rendered from within a template, by `render` and `renderOnce`, within the same budget."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runwright.expressions.faults import Fault, Overrun
from runwright.expressions.frames import Frame
from runwright.expressions.values import key_text

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_ATTEMPTS = 100
_OPENING = re.compile(r"\{[{%#]")
_RAW = re.compile(r"\{%-?\s*raw\s*-?%\}(.*?)\{%-?\s*endraw\s*-?%\}", re.DOTALL)
_KEPT = re.compile("\0(\\d{1,5})\0")


def rendered(value: Any, frame: Frame, *, is_recursive: bool) -> Any:
    """Return a value with every text in it rendered, in lists and maps too; other values as they are."""
    render = _render_until_stable if is_recursive else _render_once
    return _mapped(frame.budget.weigh(value), lambda text: render(text, frame))


def _mapped(value: Any, render: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return render(value)
    if isinstance(value, Mapping):
        return {render(key_text(key)): _mapped(item, render) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(item, render) for item in value]
    return value


def _render_once(text: str, frame: Frame) -> str:
    if not _OPENING.search(text):
        return text
    inner = Frame(frame.known(), frame.budget, frame.functions, frame.read)
    frame.budget.enter()
    try:
        return frame.read(text).render_in(inner)
    except Fault as fault:
        if fault.source is None:
            fault.source = text
        raise
    finally:
        frame.budget.leave()


def _check_length(text: str, frame: Frame) -> None:
    limit = frame.budget.limits.source
    if len(text) > limit:
        raise Overrun("characters of source", limit)


def _render_until_stable(text: str, frame: Frame) -> str:
    """Return a text rendered until nothing changes; what is raw stays as it is through all of that."""
    raw: list[str] = []

    def keep(found: re.Match[str]) -> str:
        raw.append(found[1])
        return f"\0{len(raw) - 1}\0"

    for _ in range(_MOST_ATTEMPTS):
        before = text
        if _OPENING.search(text):
            _check_length(text, frame)
            before = _RAW.sub(keep, text)
        text = _render_once(before, frame)
        if text == before:
            return _KEPT.sub(lambda found: raw[int(found[1])] if int(found[1]) < len(raw) else found[0], text)
    raise Fault("Too many rendering attempts: the text renders to an expression again and again.")
