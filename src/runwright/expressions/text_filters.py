"""Text filters: what makes a text of a text. Null stays null; numbers and booleans are taken as they print."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from runwright.expressions.faults import Fault, Overrun
from runwright.expressions.patterns import pattern_of
from runwright.expressions.signatures import Table
from runwright.expressions.values import kind_of, scalar_text, text_of

if TYPE_CHECKING:
    from runwright.expressions.budget import Budget

FILTERS = Table()

_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_LINE_END = re.compile(r"\r\n|\n|\r")
_WITHOUT_ACCENT = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})


def as_text(value: Any, budget: Budget) -> str:
    """Return a text, number, boolean or date as text; raises `Fault` for maps and lists."""
    if isinstance(value, str):
        budget.text(len(value))
        return value
    if isinstance(value, Mapping | list | tuple):
        raise Fault(f"This is for texts, not for {kind_of(value)}.")
    return scalar_text(value)


def _size(value: Any, what: str, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise Fault(f"The {what} must be an integer from 0 to {most}; it is {kind_of(value)}.")
    if value > most:
        raise Overrun("characters of text", most)
    return value


def _on_text(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that adds a filter of texts: it gets the text itself."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        def taken(budget: Budget, value: Any) -> Any:
            return None if value is None else function(as_text(value, budget))

        taken.__doc__ = function.__doc__
        return FILTERS.add(*names)(taken)

    return decorate


@_on_text("upper")
def _upper(text: str) -> str:
    """Return it in capital letters."""
    return text.upper()


@_on_text("lower")
def _lower(text: str) -> str:
    """Return it in small letters."""
    return text.lower()


@_on_text("capitalize")
def _capitalize(text: str) -> str:
    """Return it with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


@_on_text("title")
def _title(text: str) -> str:
    """Return it with a capital first letter of each word, the rest as it is."""
    return re.sub(r"(?:^|(?<=\s))\S", lambda first: first[0].upper(), text)


@_on_text("trim")
def _trim(text: str) -> str:
    """Return it without space at both ends."""
    return text.strip()


@_on_text("slugify")
def _slugify(text: str) -> str:
    """Return it as small letters, digits and single dashes."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_WITHOUT_ACCENT)).encode("ascii", "ignore").decode()
    return _NOT_SLUG.sub("-", plain.replace("'", "")).strip("-")


@FILTERS.add("string")
def _string(budget: Budget, value: Any) -> str:
    """Return it as it prints."""
    return text_of(value, budget)


@FILTERS.add("abbreviate")
def _abbreviate(budget: Budget, value: Any, length: Any) -> Any:
    """Return it cut to a length, with `...` at the end where something is left out."""
    if value is None:
        return None
    text, most = as_text(value, budget), _size(length, "length", budget.limits.output)
    return text if len(text) <= most else text[: max(0, most - 3)] + "..."[:most]


@FILTERS.add("indent")
def _indent(budget: Budget, value: Any, amount: Any, prefix: Any = " ") -> Any:
    """Return it with every line but the first moved in by so many spaces, or other prefixes."""
    if value is None:
        return None
    lead = _lead(budget, amount, prefix)
    text = as_text(value, budget)
    budget.text(len(text) + len(lead) * len(_LINE_END.findall(text)))
    return _LINE_END.sub(lambda end: end[0] + lead, text)


@FILTERS.add("nindent")
def _nindent(budget: Budget, value: Any, amount: Any, prefix: Any = " ") -> Any:
    """Return it after a new line, with every line moved in."""
    return None if value is None else "\n" + _lead(budget, amount, prefix) + _indent(budget, value, amount, prefix)


def _lead(budget: Budget, amount: Any, prefix: Any) -> str:
    text = as_text(prefix, budget)
    return text * _size(amount, "amount", budget.limits.output // max(1, len(text)))


@FILTERS.add("replace")
def _replace(budget: Budget, value: Any, replace_pairs: Any, regexp: Any = False) -> Any:  # noqa: FBT002  as it is written
    """Return it with every key of a map replaced by its value; with `regexp` keys are patterns, and `$1` is a group."""
    if value is None:
        return None
    if not isinstance(replace_pairs, Mapping):
        raise Fault(f"`replace` needs a map such as {{'from': 'to'}}; it was given {kind_of(replace_pairs)}.")
    text = as_text(value, budget)
    for old, new in replace_pairs.items():
        before, after = as_text(old, budget), text_of(new, budget)
        if regexp is True:
            text = pattern_of(before).replace(text, after, budget)
        else:
            budget.text(max(0, len(text) + text.count(before) * (len(after) - len(before))))
            text = text.replace(before, after)
    return text


@FILTERS.add("split")
def _split(budget: Budget, value: Any, delimiter: Any, limit: Any = 0) -> Any:
    """Return the list of texts between matches of a regular expression, `limit` at most."""
    if value is None:
        return None
    most = limit if limit == -1 else _size(limit, "limit", budget.limits.output)
    return pattern_of(as_text(delimiter, budget)).split(as_text(value, budget), most, budget)


@FILTERS.add("startsWith")
def _starts_with(budget: Budget, value: Any, prefix: Any) -> Any:
    """Say whether it begins with a text."""
    return None if value is None else as_text(value, budget).startswith(as_text(prefix, budget))


@FILTERS.add("endsWith")
def _ends_with(budget: Budget, value: Any, suffix: Any) -> Any:
    """Say whether it ends with a text."""
    return None if value is None else as_text(value, budget).endswith(as_text(suffix, budget))


@FILTERS.add("substringBefore")
def _substring_before(budget: Budget, value: Any, separator: Any) -> Any:
    """Return what stands before the first separator; all of it when there is none."""
    return None if value is None else as_text(value, budget).partition(_separator(budget, separator))[0]


@FILTERS.add("substringBeforeLast")
def _substring_before_last(budget: Budget, value: Any, separator: Any) -> Any:
    """Return what stands before the last separator; all of it when there is none."""
    if value is None:
        return None
    text = as_text(value, budget)
    before, found, _ = text.rpartition(_separator(budget, separator))
    return before if found else text


@FILTERS.add("substringAfter")
def _substring_after(budget: Budget, value: Any, separator: Any) -> Any:
    """Return what stands after the first separator; nothing when there is none."""
    return None if value is None else as_text(value, budget).partition(_separator(budget, separator))[2]


@FILTERS.add("substringAfterLast")
def _substring_after_last(budget: Budget, value: Any, separator: Any) -> Any:
    """Return what stands after the last separator; nothing when there is none."""
    if value is None:
        return None
    _, found, after = as_text(value, budget).rpartition(_separator(budget, separator))
    return after if found else ""


def _separator(budget: Budget, separator: Any) -> str:
    text = as_text(separator, budget)
    if not text:
        raise Fault("The separator must not be empty.")
    return text


@FILTERS.add("escapeChar")
def _escape_char(budget: Budget, value: Any, type_: Any) -> Any:
    r"""Return it with quotes escaped: `single` or `double` by a backslash, `shell` as `'\''`."""
    new = {"single": ("'", "\\'"), "double": ('"', '\\"'), "shell": ("'", "'\\''")}.get(
        type_ if isinstance(type_, str) else ""
    )
    if new is None:
        raise Fault("`escapeChar` escapes for 'single', 'double' or 'shell'.")
    return None if value is None else as_text(value, budget).replace(*new)
