"""Ask: what a page was asked for: the words of its path, its query, and what the reader prefers. No web library in sight."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlencode
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from runwright.errors import NotOnRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

THEMES = ("system", "light", "dark")
TIMES = ("absolute", "relative")
LOCAL, UTC = "local", "UTC"


class Preferences(NamedTuple):
    """How one reader wants pages: kept in cookies, never on the record."""

    theme: str = "system"
    zone: str = LOCAL
    times: str = "absolute"

    @property
    def zone_info(self) -> ZoneInfo:
        """Return the zone that the server writes times in; the browser's own is known to the browser alone."""
        return ZoneInfo("UTC" if self.zone == LOCAL else self.zone)

    @classmethod
    def from_cookies(cls, cookies: Mapping[str, str]) -> Preferences:
        """Read cookies; one that says nothing known counts as not set."""
        usual = cls()
        theme, zone, times = (cookies.get(f"runwright_{name}", "") for name in cls._fields)
        return cls(
            theme if theme in THEMES else usual.theme,
            zone if is_zone(zone) else usual.zone,
            times if times in TIMES else usual.times,
        )


class Actor(NamedTuple):
    """Who asks: a name for the record, and whether they may act on runs."""

    name: str
    may_act: bool


class Ask(NamedTuple):
    """One question. `path` holds the named parts of the address, `query` what stands behind its question mark.

    `actor` is None where nobody can act, because the pages only read.
    """

    path: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    preferences: Preferences = Preferences()
    actor: Actor | None = None

    def get(self, name: str, usual: str = "") -> str:
        """Return a word of the query."""
        return self.query.get(name, usual)

    def number(self, name: str, usual: int, *, most: int) -> int:
        """Return a whole number of the query between 1 and `most`; whatever is none is `usual`."""
        text = self.query.get(name, "")
        return min(max(int(text), 1), most) if text.isdecimal() and len(text) < 10 else usual  # noqa: PLR2004  digits of an int

    def one_of(self, name: str, *words: str) -> str:
        """Return a word of the query that must be one of these; whatever is none is the first."""
        word = self.query.get(name, words[0])
        return word if word in words else words[0]

    def identity(self, name: str) -> UUID:
        """Return an id in the path; raises `NotOnRecord` for what is none."""
        text = self.path.get(name, "")
        try:
            return UUID(text)
        except ValueError:
            raise NotOnRecord(f"{text[:80]!r} is no id: ids look like 019364c8-7d2a-7c3e-8f10-000000100000.") from None

    def link(self, **changes: str | int | None) -> str:
        """Return the query with these words changed; None leaves a word out. A change of anything begins a list anew."""
        words = {
            name: value for name, value in self.query.items() if name not in {"after", "page", "did", "skip", "look"}
        }
        words.update({name: str(value) for name, value in changes.items() if value not in {None, ""}})
        for name, value in changes.items():
            if value in {None, ""}:
                words.pop(name, None)
        return f"?{urlencode(words, quote_via=quote)}" if words else "?"


@cache
def zones() -> frozenset[str]:
    """Return the names of all time zones that are known here; looking for them reads many folders, so it is done once."""
    return frozenset(available_timezones())


def is_zone(name: str) -> bool:
    """Say whether a name is a time zone that is known here, or the browser's own."""
    return name in {LOCAL, UTC} or name in zones()
