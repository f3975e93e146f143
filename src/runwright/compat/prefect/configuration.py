"""Configuration: `prefect.config`, with attributes, dotted names and `PREFECT__SECTION__KEY` environment variables.

Only what flows and tasks ask for by themselves has a meaning here: see `differences`. Everything else is kept as it is set.
"""

from __future__ import annotations

import ast
import copy
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from runwright import settings
from runwright.context import OUTERMOST

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

PREFIX = "PREFECT__"

_NAMES_OF_DICTS = frozenset(vars(dict))


class Config(dict[str, Any]):
    """One level of the configuration: a dict whose items are attributes too, and whose dicts are such levels."""

    def __init__(self, values: Mapping[str, Any] | None = None, **more: Any) -> None:
        """Hold values; plain dicts among them become levels."""
        given = {**(values or {}), **more}
        super().__init__({key: _level(value) for key, value in given.items()})

    def __getattr__(self, name: str) -> Any:
        """Return an item; raises `AttributeError`."""
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"The configuration has no {name!r} here. It has: {', '.join(self)}.") from None

    def __setitem__(self, key: str, value: Any) -> None:
        """Set an item; raises `ValueError` for a name that dicts need for themselves."""
        if key in _NAMES_OF_DICTS:
            raise ValueError(f"Invalid key: {key!r} is what a dict does. Choose another name.")
        super().__setitem__(key, _level(value))
        publish()

    __setattr__ = __setitem__

    def __delitem__(self, key: str) -> None:
        """Take an item out; raises `KeyError`."""
        super().__delitem__(key)
        publish()

    def __delattr__(self, name: str) -> None:
        """Take an item out; raises `KeyError`."""
        del self[name]

    def get_nested(self, key: str, default: Any = None) -> Any:
        """Return what a dotted name stands for, or `default`."""
        found: Any = self
        for part in key.split("."):
            if not isinstance(found, dict) or part not in found:
                return default
            found = cast("dict[str, Any]", found)[part]
        return found

    def set_nested(self, key: str, value: Any) -> None:
        """Set what a dotted name stands for, making the levels between."""
        *path, last = key.split(".")
        level = self
        for part in path:
            if not isinstance(level.get(part), Config):
                level[part] = Config()
            level = level[part]
        level[last] = value

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts, which share nothing with the levels."""
        return {key: value.to_dict() if isinstance(value, Config) else value for key, value in self.items()}

    def copy(self) -> Config:
        """Return a copy that shares no level."""
        return copy.deepcopy(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Config:
        """Return a copy that shares no level."""
        return Config({key: copy.deepcopy(value, memo) for key, value in self.items()})

    def __reduce__(self) -> tuple[Any, ...]:
        """Be made anew in another process."""
        return Config, (dict(self),)


@contextmanager
def set_temporary_config(temp_config: Mapping[str, Any]) -> Generator[Config]:
    """Set dotted names to values inside a `with` block."""
    before = config.copy()
    try:
        for key, value in temp_config.items():
            config.set_nested(key, value)
        yield config
    finally:
        dict.clear(config)
        dict.update(config, before)
        publish()


def publish() -> None:
    """Let the context of every thread show the configuration, once the alias is installed."""
    if "config" in OUTERMOST:
        OUTERMOST.update(config.get("context", {}))


def from_environment(environment: Mapping[str, str]) -> Config:
    """Return the defaults with what `PREFECT__...` variables say; names below `context` keep their case."""
    found = Config(
        {
            "debug": False,
            "home_dir": settings.load(environment).home,
            "backend": "server",
            "context": {"secrets": {}},
            "flows": {"checkpointing": False, "eager_edge_validation": False, "run_on_schedule": True},
            "tasks": {"defaults": {"max_retries": 0, "retry_delay": None, "timeout": None}},
            "engine": {
                "executor": {"default_class": "prefect.executors.LocalExecutor"},
                "flow_runner": {"default_class": "prefect.engine.flow_runner.FlowRunner"},
                "task_runner": {"default_class": "prefect.engine.task_runner.TaskRunner"},
            },
            "logging": {
                "level": "INFO",
                "format": "[%(asctime)s] %(levelname)s - %(name)s | %(message)s",
                "datefmt": "%Y-%m-%d %H:%M:%S%z",
            },
            "cloud": {"use_local_secrets": True},
        }
    )
    for variable, text in environment.items():
        if variable.startswith(PREFIX) and len(parts := variable.removeprefix(PREFIX).split("__")) > 1:
            is_context = parts[0].lower() == "context"
            path = [parts[0].lower(), parts[1].lower(), *parts[2:]] if is_context else [part.lower() for part in parts]
            found.set_nested(".".join(path), text if is_context and parts[1].lower() == "secrets" else _value_of(text))
    return found


def _value_of(text: str) -> Any:
    """Return what a Python literal, `true` or `false` says, other text as it is."""
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError):
        return text


def _level(value: Any) -> Any:
    return Config(cast("dict[str, Any]", value)) if type(value) is dict else value


config = from_environment(os.environ)
