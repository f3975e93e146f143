"""Filters: which task runs are meant, from the options of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from runwright import clock
from runwright.cli.references import complete_flow_runs, find_flow_run
from runwright.cli.text import moment_from, seconds_from
from runwright.errors import did_you_mean
from runwright.states import CLASS_BY_CODE, KIND_BY_NAME, TABLE
from runwright.views import TaskRunFilter

if TYPE_CHECKING:
    from collections.abc import Callable

    from click import shell_completion

    from runwright.store import Store

    Command = TypeVar("Command", bound=Callable[..., Any])

DEFAULT_LIMIT = 100
LARGEST = (1 << 62) - 1


class Moment(click.ParamType):
    """A time: `24h` and `10m` before now, or RFC 3339."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return nanoseconds since 1970."""
        try:
            return value if isinstance(value, int) else moment_from(value, clock.now())
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Seconds(click.ParamType):
    """A duration: `90`, `90s`, `10m`, `2h`."""

    name = "DURATION"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds."""
        try:
            return value if isinstance(value, float) else seconds_from(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Count(click.IntRange):
    """A whole number of things; one that no record can hold means the largest that it can."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        return min(super().convert(value, param, ctx), LARGEST)


class StateNames(click.ParamType):
    """States by name: those of the table, in any of its vocabularies and any case; a parent stands for its kinds."""

    name = "STATE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Return the names of the table that are meant."""
        if isinstance(value, tuple):
            return value
        found = tuple(dict.fromkeys(name for word in value.split(",") for name in states_named(word.strip())))
        if not found:
            known = [kind.name for kind in TABLE]
            self.fail(
                f"there is no state {value!r}.{did_you_mean(value.title(), known)} States: {', '.join(known)}",
                param,
                ctx,
            )
        return found

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[shell_completion.CompletionItem]:
        """Return the names that begin like this."""
        from click import shell_completion  # noqa: PLC0415  only the shell's own question needs it

        names = [kind.name for kind in TABLE]
        return [shell_completion.CompletionItem(name) for name in names if name.lower().startswith(incomplete.lower())]


def states_named(word: str) -> list[str]:
    """Return the names of the states that a word means, itself first; nothing for an unknown one."""
    parents: dict[str, list[str]] = {}
    for kind in TABLE:
        for parent in CLASS_BY_CODE[kind.code].parents(names_only=True):
            parents.setdefault(parent.lower(), []).append(kind.name)
    word = word.lower()
    exact = next((name for name in KIND_BY_NAME if name.lower() == word), None)
    if word in parents and word != "state":
        return [*([exact] if exact else []), *(name for name in parents[word] if name != exact)]
    return [kind.name for kind in TABLE if word in {kind.event_name.lower(), kind.execution.lower()}]


def task_run_filters(command: Command) -> Command:
    """Add the options that say which task runs; `filter_from` makes the filter of them."""
    for option in reversed(
        (
            click.option("--flow-run", metavar="RUN", shell_complete=complete_flow_runs, help="Of this flow run."),
            click.option("--flow", metavar="NAME", help="Of this flow."),
            click.option("--task", metavar="SLUG", help="Of this task: its slug or name."),
            click.option("--state", type=StateNames(), multiple=True, help="In one of these states."),
            click.option(
                "--map-index", type=Count(min=-1), multiple=True, help="With one of these map indexes; -1: no child."
            ),
            click.option("--tag", multiple=True, help="With all of these tags."),
            click.option("--since", type=Moment(), help="Changed since: 24h, 10m, or RFC 3339."),
            click.option("--until", type=Moment(), help="Not changed after."),
        )
    ):
        command = option(command)
    return command


def limited(command: Command) -> Command:
    """Add `--limit`."""
    return click.option(
        "--limit",
        type=Count(min=0),
        default=DEFAULT_LIMIT,
        show_default=True,
        help="At most so many; 0 for all.",
    )(command)


def filter_from(
    store: Store,
    *,
    flow_run: str | None,
    flow: str | None,
    task: str | None,
    state: tuple[tuple[str, ...], ...],
    map_index: tuple[int, ...],
    tag: tuple[str, ...],
    since: int | None,
    until: int | None,
    limit: int | None = None,
) -> TaskRunFilter:
    """Return the filter that the options mean; raises what `find_flow_run` raises."""
    return TaskRunFilter(
        flow_run=None if flow_run is None else find_flow_run(store, flow_run).id,
        flow=flow,
        task=task,
        states=tuple(dict.fromkeys(name for names in state for name in names)),
        map_index=map_index,
        tags=tag,
        since=since,
        until=until,
        limit=limit,
        without_deleted=flow_run is None,
    )
