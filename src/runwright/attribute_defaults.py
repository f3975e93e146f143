"""Attribute defaults: arguments of `run` that are taken from the task itself where a call leaves them out."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

Run = TypeVar("Run", bound="Callable[..., Any]")


def defaults_from_attrs(*names: str) -> Callable[[Run], Run]:
    """Decorate the `run` of a task class: each argument of `names` that is not given is the attribute of that name."""

    def decorate(run: Run) -> Run:
        @functools.wraps(run)
        def completed(self: Any, *args: Any, **kwargs: Any) -> Any:
            taken = code.co_varnames[1 : 1 + len(args)]
            for name in names:
                if name not in kwargs and name not in taken:
                    kwargs[name] = getattr(self, name)
            return run(self, *args, **kwargs)

        code = run.__code__
        return cast("Run", completed)

    return decorate
