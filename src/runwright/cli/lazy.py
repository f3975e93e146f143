"""Lazy groups: commands whose modules are imported when they are called, so that `runwright --help` imports none."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from runwright.cli.groups import Group

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click


class Entry(NamedTuple):
    """Where a command is (`module:name`) and what the list of commands says of it."""

    place: str
    help: str


class LazyGroup(Group):
    """A group that knows its commands by name only; `aliases` are further names: the first of each is shown."""

    def __init__(self, *args: Any, entries: Mapping[str, Entry], aliases: Mapping[str, str], **kwargs: Any) -> None:
        """Hold the entries in the order in which they are listed."""
        super().__init__(*args, **kwargs)
        self.entries = entries
        self.aliases = aliases

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in order, without the aliases."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported now."""
        entry = self.entries.get(self.aliases.get(cmd_name, cmd_name))
        if entry is None:
            return None
        module, _, name = entry.place.partition(":")
        return getattr(import_module(module), name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        short: dict[str, str] = {}
        for alias, name in self.aliases.items():
            short.setdefault(name, alias)
        lines = [
            (f"{name}, {short[name]}" if name in short else name, each.help) for name, each in self.entries.items()
        ]
        with formatter.section("Commands"):
            formatter.write_dl(lines)
