"""Makes the tables of the documentation from the code. `python -m tests.docs.tables` writes them in their places."""

from __future__ import annotations

import re
from pathlib import Path

from runwright import settings
from runwright.states import TABLE

DOCS = Path(__file__).parents[2] / "docs"


def states_table() -> str:
    """Return the state table in all three vocabularies."""
    head = "| state | is a | event type | event name | execution | phase |\n|---|---|---|---|---|---|\n"
    return head + "".join(
        f"| {kind.name} | {kind.parent} | {kind.event_type} | {kind.event_name} | {kind.execution} | {kind.phase.value} |\n"
        for kind in TABLE
    )


def settings_table() -> str:
    """Return every setting with its variable, default and meaning."""
    head = "| setting | variable | default | meaning |\n|---|---|---|---|\n"
    return head + "".join(
        f"| `{each.name}` | `{each.variable}` | `{each.default}` | {each.meaning} |\n" for each in settings.TABLE
    )


TABLES = {"states.md": states_table, "settings.md": settings_table}


def with_table(text: str, table: str) -> str:
    """Return a page with what stands between its markers replaced."""
    return re.sub(r"(?<=<!-- table -->\n).*?(?=<!-- end -->)", lambda _: table, text, flags=re.DOTALL)


def main() -> None:
    """Write every table in its place."""
    for page, table in TABLES.items():
        path = DOCS / page
        path.write_text(with_table(path.read_text(), table()))


if __name__ == "__main__":
    main()
