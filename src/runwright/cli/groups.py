"""Groups: commands that hold others, list each with its whole first sentence, and offer the nearest name to one they lack."""

from __future__ import annotations

from typing import Any

import click

from runwright.errors import did_you_mean

_WHOLE = 1_000


class Group(click.Group):
    """A group whose list of commands cuts no sentence off; lines that are too long are wrapped."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, each.get_short_help_str(_WHOLE)) for name, each in found if each is not None])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Return a command by the first word; raises `click.UsageError` with the nearest name for one that there is not."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            near = did_you_mean(args[0], self.list_commands(ctx))
            ctx.fail(f"No such command {args[0]!r}.{near}")
        return super().resolve_command(ctx, args)
