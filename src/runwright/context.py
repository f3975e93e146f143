"""Context: what a running flow or task may know about itself.

One contextvar holds one plain dict, so that every thread, task and coroutine sees its own run. `context` is the object
users import; setting the dict is the runtime's work and costs one `ContextVar.set` per attempt. The dict is never changed
in place by `context`: a change is a new dict.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeGuard, cast

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

OUTERMOST: dict[str, Any] = {}
"""What the context holds in every thread where nothing else is set: for a surface that has a configuration to show."""

_current: ContextVar[dict[str, Any] | None] = ContextVar("runwright", default=OUTERMOST)

activate = _current.set
deactivate = _current.reset
current = _current.get


class Section(dict[str, Any]):
    """A dict whose values are attributes too: one level of `context.config`, or a copy of the context."""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return a section with sections for the dicts in it; those of a class of their own stay as they are."""
        sections = {key: cls.from_dict(each) for key, each in values.items() if _is_plain(each)}
        return cls({**values, **sections})

    def __getattr__(self, name: str) -> Any:
        """Return the value of `name`; raises `AttributeError` that lists what there is."""
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"The configuration has no {name!r} here. It has: {', '.join(self)}.") from None

    def __setattr__(self, name: str, value: Any) -> None:
        """Set one value."""
        self[name] = value


class Context(MutableMapping[str, Any]):
    """The values of the current run, as items and as attributes; a mapping in every other way.

    Inside a task: `task_name`, `task_full_name`, `task_slug`, `task_tags`, `task_id`, `task_run_id`, `task_run_count`,
    `task_run_name`, `map_index`, `task_loop_count`, `task_loop_result`, `resume`, `logger`. In the whole flow run:
    `flow_name`, `flow_id`, `flow_run_id`, `flow_run_name`, `parameters`, `scheduled_start_time`, `date`, `today`,
    `yesterday`, `tomorrow` (and each with `_nodash`), `caches`, `config`, `checkpointing`. Missing keys raise
    `AttributeError` or `KeyError`; `get` gives a default.
    """

    __slots__ = ()

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of `key`, or `default`."""
        current = _current.get()
        return default if current is None else current.get(key, default)

    def to_dict(self) -> dict[str, Any]:
        """Return a copy of everything in the context."""
        return dict(_current.get() or {})

    def copy(self) -> Section:
        """Return a copy of everything in the context, of which values are attributes too."""
        return Section(self.to_dict())

    def update(self, *mappings: Mapping[str, Any], **values: Any) -> None:  # type: ignore[override]  several mappings, and values by name
        """Set values in the current context, until the block that opened it ends; `config` is merged, level by level."""
        _current.set(_merged(self.to_dict(), *mappings, values))

    @contextmanager
    def __call__(self, *mappings: Mapping[str, Any], **values: Any) -> Generator[Context]:
        """Add values inside a `with` block and restore exactly what was before; `config` is merged, level by level."""
        token = _current.set(_merged(self.to_dict(), *mappings, values))
        try:
            yield self
        finally:
            _current.reset(token)

    def __getitem__(self, key: str) -> Any:
        """Return the value of `key`; raises `KeyError`."""
        return (_current.get() or {})[key]

    def __setitem__(self, key: str, value: Any) -> None:
        """Set one value."""
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        """Take one value out, until the block that opened the context ends; raises `KeyError`."""
        values = self.to_dict()
        del values[key]
        _current.set(values)

    def __len__(self) -> int:
        """Return the number of values."""
        return len(_current.get() or ())

    def __contains__(self, key: object) -> bool:
        """Say whether `key` is set."""
        return key in (_current.get() or {})

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys."""
        return iter(self.to_dict())

    def __getattr__(self, name: str) -> Any:
        """Return the value of `name`; raises `AttributeError` that lists what there is."""
        values = _current.get() or {}
        try:
            found = values[name]
            return Section.from_dict(found) if name == "config" and _is_plain(found) else found
        except KeyError:
            known = ", ".join(sorted(values)) or "nothing: no flow or task is running here"
            raise AttributeError(f"The context has no {name!r}. It has: {known}.") from None

    def __setattr__(self, name: str, value: Any) -> None:
        """Set one value."""
        self.update({name: value})

    def __delattr__(self, name: str) -> None:
        """Take one value out; raises `KeyError`."""
        del self[name]

    __hash__ = object.__hash__  # type: ignore[assignment]  there is one context, and it is itself

    def __reduce__(self) -> NoReturn:
        """Refuse to be pickled: a context belongs to one run of one process."""
        raise TypeError("The context cannot be pickled: read the values you need and pass them as inputs.")

    def __repr__(self) -> str:
        """Return the keys."""
        return f"<Context: {', '.join(sorted(self.to_dict()))}>"


context = Context()


def _is_plain(value: object) -> TypeGuard[dict[str, Any]]:
    return type(value) is dict


def _merged(values: dict[str, Any], *mappings: Mapping[str, Any]) -> dict[str, Any]:
    for mapping in mappings:
        below, above = values.get("config"), mapping.get("config")
        values.update(mapping)
        if isinstance(below, dict) and isinstance(above, dict):
            values["config"] = _deep(cast("dict[str, Any]", below), cast("dict[str, Any]", above))
        elif _is_plain(above):
            values["config"] = Section.from_dict(above)
    return values


def _deep(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return both, `above` winning, as a dict of the class that `below` has."""
    merged = {**below, **above}
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            merged[key] = _deep(below[key], cast("dict[str, Any]", value))
    return Section.from_dict(merged) if type(below) in (dict, Section) else type(below)(merged)
