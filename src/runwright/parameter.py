"""Parameter: a value that is given when the flow runs, as it is or read as a date and time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from runwright import defaults
from runwright.context import context
from runwright.signals import FAIL
from runwright.task import Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Self

    from runwright.flow import Flow


class NoDefault:
    """Stands for a default that was not given, because None may be one."""

    def __repr__(self) -> str:
        """Return a word for it."""
        return "<no default>"

    def __reduce__(self) -> str:
        """Stay one object across processes."""
        return "no_default"


no_default = NoDefault()


class Parameter(Task):
    """A task that returns what the flow run was given under `name`; the name is its slug too.

    It is `required` when it has no `default` (None is one). Nothing can be upstream of a parameter.
    """

    def __init__(
        self,
        name: str,
        default: Any = no_default,
        required: bool | None = None,  # noqa: FBT001  the documented signature
        tags: Iterable[str] | None = None,
    ) -> None:
        """Declare a parameter; raises `TypeError` when the name is no string."""
        if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]  users give anything
            raise TypeError(f"The name of a parameter must be a string; got {name!r}.")
        super().__init__(name, name, tags, checkpoint=True, result=defaults.active().parameter_result())
        self.default: Any = None if isinstance(default, NoDefault) else default
        self.required = isinstance(default, NoDefault) if required is None else required

    def copy(self, name: str | None = None, **task_args: Any) -> Self:
        """Return a copy, under another name where one is given; raises as `Task.copy`."""
        name = name if name is not None else self.name
        return super().copy(**{"name": name, "slug": name, **task_args})

    def __call__(
        self,
        *args: Any,
        mapped: bool = False,
        task_args: Mapping[str, Any] | None = None,
        upstream_tasks: Iterable[Any] | None = None,
        flow: Flow | None = None,
        **kwargs: Any,
    ) -> Self:
        """Join this parameter itself to the flow and return it: a flow has one parameter of a name."""
        parameter = self.copy(**task_args) if task_args else self
        return parameter.bind(*args, mapped=mapped, upstream_tasks=upstream_tasks, flow=flow, **kwargs)

    def run(self) -> Any:
        """Return the value given, or the default; signals FAIL when it is required and was not given."""
        given: Mapping[str, Any] = context.get("parameters") or {}
        if self.name in given:
            return given[self.name]
        if self.required:
            raise FAIL(f'Parameter "{self.name}" was required but not provided.')
        return self.default

    def __repr__(self) -> str:
        """Return the name."""
        return f"<Parameter: {self.name}>"


class DateTimeParameter(Parameter):
    """A parameter that gives a datetime: text in ISO format is read as one, without a zone as UTC."""

    def __init__(
        self,
        name: str,
        required: bool = True,  # noqa: FBT001, FBT002  the documented signature
        tags: Iterable[str] | None = None,
    ) -> None:
        """Declare a parameter that has no default: where it is not `required`, None stands for it."""
        super().__init__(name, required=required, tags=tags)
        self.result = defaults.active().parameter_result(is_datetime=True)

    def run(self) -> datetime | None:
        """Return the datetime, or None; raises `ValueError` for text that is none, and signals as `Parameter.run`."""
        value = super().run()
        if not isinstance(value, str):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(
                f"Parameter {self.name!r} is {value!r}, which is no date and time: write it as 2025-01-31T12:00:00Z."
            ) from None
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
