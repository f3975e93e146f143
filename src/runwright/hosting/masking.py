"""Masking: taking the values of secrets out of whatever people get to see, by value and not by name.

A mask learns values as they are handed out, in the forms in which programs print them. It finds all of them in one pass.
"""

from __future__ import annotations

import base64
import html
import json
import logging
import re
import shlex
import threading
import traceback
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HIDDEN = "********"
SHORTEST = 6
"""Characters of a value that is hidden, and of its parts: a shorter one is a part of too many words."""

_LONG = 1_000  # characters of a form that is looked for alone: patterns take their time to learn long ones
_MOST_LINES = 1_000


class Mask:
    """The values to hide. It travels with them to other processes, where what they are used in does too."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        """Hide some values from the start."""
        self._lock = threading.Lock()
        self._values: dict[str, None] = {}
        self._forms: set[str] = set()
        self._long: tuple[str, ...] = ()
        self._pattern: re.Pattern[str] | None = None
        self.learn(*values)

    @property
    def values(self) -> tuple[str, ...]:
        """Return the values that it knows."""
        return tuple(self._values)

    @property
    def is_empty(self) -> bool:
        """Say whether it knows none."""
        return self._pattern is None

    def learn(self, *values: str) -> None:
        """Hide these values from now on, too."""
        new = [value for value in values if value not in self._values and len(value.strip()) >= SHORTEST]
        if not new:
            return
        with self._lock:
            self._values.update(dict.fromkeys(new))
            for value in new:
                self._forms.update(forms_of(value))
            # The longest first: a value that another one begins with must not leave the rest of that to be seen.
            longest_first = sorted(self._forms, key=lambda form: (-len(form), form))
            self._long = tuple(form for form in longest_first if len(form) > _LONG)
            self._pattern = re.compile("|".join(map(re.escape, longest_first[len(self._long) :])) or "(?!)")

    def hide(self, text: str) -> str:
        """Return a text with every value replaced."""
        pattern = self._pattern
        if pattern is None:
            return text
        if len(text) > _LONG:
            for form in self._long:
                text = text.replace(form, HIDDEN)
        return pattern.sub(HIDDEN, text)

    def hide_in(self, value: Any) -> Any:
        """Return plain data with every value replaced in its texts and keys, however deep."""
        if self._pattern is None:
            return value
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, dict):
            return {self.hide_in(key): self.hide_in(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.hide_in(each) for each in value]
        return value

    def text_of(self, error: BaseException) -> str:
        """Return the text of an exception with every value replaced."""
        return self.hide(str(error))

    def traceback_of(self, error: BaseException) -> str:
        """Return the traceback of an exception, and of those it came from, with every value replaced."""
        return self.hide("".join(traceback.format_exception(error)))

    def __reduce__(self) -> tuple[type[Mask], tuple[tuple[str, ...]]]:
        """Travel with the values."""
        return Mask, (self.values,)

    def __repr__(self) -> str:
        """Return how many values are hidden."""
        return f"Mask({len(self._values)} values)"


class MaskingFilter(logging.Filter):
    """Replaces the values in log records before a handler sees them: in the message, its arguments and its traceback."""

    def __init__(self, mask: Mask) -> None:
        """Hide what `mask` knows when a record comes."""
        super().__init__()
        self.mask = mask

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; every one passes."""
        if self.mask.is_empty:
            return True
        record.msg, record.args = self.mask.hide(record.getMessage()), None
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = self.mask.traceback_of(record.exc_info[1]).rstrip("\n")
            record.exc_info = None
        if record.stack_info:
            record.stack_info = self.mask.hide(record.stack_info)
        return True


def forms_of(value: str) -> set[str]:
    """Return a value as programs print it: itself, its lines, quoted for URLs, JSON, HTML and shells, and in base64."""
    forms = {form for text in (value, value.strip(), *_lines(value)) for form in _quoted(text)}
    forms.update(_coded(value))
    return {form for form in forms if len(form.strip()) >= SHORTEST}


def _lines(value: str) -> Iterator[str]:
    lines = value.splitlines()
    if 1 < len(lines) <= _MOST_LINES:
        yield "\r\n".join(lines)
        yield from (line.strip() for line in lines if len(line.strip()) >= SHORTEST)


def _quoted(text: str) -> Iterator[str]:
    yield text
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield repr(text)[1:-1]
    safe = text.encode("utf-8", "replace").decode()
    for quoted in (quote(safe, safe=""), quote(safe), quote_plus(safe)):
        yield quoted
        yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), quoted)
    yield html.escape(text)
    yield shlex.quote(text).removeprefix("'").removesuffix("'")


def _coded(value: str) -> Iterator[str]:
    """Yield a value in base64 and hex: alone, and as the part of a longer text that it is at each of three places."""
    data = value.encode("utf-8", "replace")
    yield data.hex()
    yield data.hex().upper()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            # Characters that depend on neighbours too are cut off at both ends.
            coded = encode(b"\x00" * before + data).decode().rstrip("=")
            first = -(-before * 8 // 6)
            last = (before + len(data)) * 8 // 6
            part = coded[first:last]
            if len(part) >= SHORTEST:
                yield part
        yield encode(data).decode()
        yield encode(data).decode().rstrip("=")
