"""Templating: from a page's context to HTML. Every printed value is escaped and cleaned; a template can print nothing else."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import jinja2
import msgspec
from markupsafe import Markup, escape

from runwright import clock
from runwright.states import KIND_BY_NAME
from runwright.ui import columns, shares, words
from runwright.ui.ask import TIMES
from runwright.ui.shapes import SHAPES

if TYPE_CHECKING:
    from runwright.ui.ask import Preferences


_NO_TIME = Markup('<span class="none">\u2013</span>')


@cache
def environment() -> jinja2.Environment:
    """Return the templates of this package."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("runwright.ui"),
        autoescape=True,
        finalize=words.printable,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.globals["titles"] = columns.TITLES
    made.filters.update(
        number=words.number,
        short=words.short,
        length=words.duration,
        mark=mark,
        mark_paths=mark_paths,
        marked=marked,
        line=lambda value: msgspec.json.encode(value, enc_hook=str).decode("utf-8", "replace"),
        state=state,
        share=shares.share,
        path=lambda text: quote(str(text), safe=""),
        json=as_json,
        telling=words.telling,
        phase=lambda name: KIND_BY_NAME[name].phase.value,
    )
    return made


def render(template: str, page: Any, frame: dict[str, Any], preferences: Preferences) -> str:
    """Return the HTML of a page for one reader."""
    now = clock.now()

    def when(at: str | int | None, *, always: str = "") -> Markup:
        return time_element(at, preferences, now, always)

    return environment().get_template(template).render(page=page, when=when, now=now, preferences=preferences, **frame)


@cache
def mark(name: str) -> Markup:
    """Return the shape of a state."""
    return Markup('<i class="mark st-{}" aria-hidden="true"></i>').format(name)


@cache
def mark_paths(name: str) -> Markup:
    """Return the paths of the shape of a state, for a drawing."""
    shape = SHAPES[name]
    fill = Markup('<path class="fill" fill-rule="evenodd" d="{}"/>').format(shape.fill) if shape.fill else Markup()
    return fill + (Markup('<path class="line" d="{}"/>').format(shape.line) if shape.line else Markup())


@cache
def state(name: str) -> Markup:
    """Return the shape and the word of a state."""
    return Markup('<span class="state st-{0}"><i class="mark" aria-hidden="true"></i><span>{0}</span></span>').format(
        name
    )


def time_element(at: str | int | None, preferences: Preferences, now: int, always: str = "") -> Markup:
    """Return a time; what it shows follows the reader's zone and taste, its attributes are exact."""
    if not at:
        return _NO_TIME
    moment = clock.from_datetime(datetime.fromisoformat(at)) if isinstance(at, str) else at
    exact = at if isinstance(at, str) else clock.to_iso(at)
    how = always or preferences.times
    if how == "hour":
        shown = words.date_hour(moment, preferences.zone_info)
    else:
        shown = words.age(moment, now) if how == TIMES[1] else words.date_time(moment, preferences.zone_info, now)
    attributes = f'datetime="{escape(exact)}" title="{escape(exact)}" data-show="{escape(how)}"'
    return Markup(f"<time {attributes}>{escape(shown)}</time>")  # noqa: S704  every part is escaped, which is quicker than format


def marked(text: str, find: str) -> Markup:
    """Return text with every place marked where it says `find`, in whatever case."""
    text, find = words.printable(text), words.clean_line(find)
    if not find:
        return escape(text)
    parts = re.split(f"({re.escape(find)})", text, flags=re.IGNORECASE)
    return Markup("").join(
        Markup("<mark>{}</mark>").format(part) if place % 2 else part for place, part in enumerate(parts)
    )


def as_json(value: Any) -> Markup:
    """Return data as indented JSON, escaped."""
    text = msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode("utf-8", "replace")
    return escape(words.printable(text))
