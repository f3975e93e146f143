"""Saving: a page as one file that needs nothing else: its styles inside, no scripts, its links leading to where it came from."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from runwright.ui.words import short

_OF_THE_SERVER = re.compile(r"\s*<(?:script\b[^>]*></script>|link\b[^>]*>|rw-live\b[^>]*></rw-live>)")
_LINK = re.compile(r'(<a\b[^>]*?\bhref=")([^"]*)(")')
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def saved(page: str, styles: str, address: str) -> str:
    """Return a page as a file of its own. `address` is where it was found."""
    alone = _OF_THE_SERVER.sub("", page)
    alone = _LINK.sub(lambda found: f"{found[1]}{_led(address, found[2])}{found[3]}", alone)
    return alone.replace("</head>", f"<style>\n{styles}</style>\n</head>", 1)


def _led(address: str, link: str) -> str:
    return link if link.startswith("#") else urljoin(address, link)


def file_name(title: str) -> str:
    """Return a name for the file that any system takes."""
    return f"{_UNSAFE.sub('-', short(title, 60)).strip('-.') or 'page'}.html"
