"""Recursion: `prefect.utilities.executors`, calls of oneself that take no stack. Runwright's own runners need none of it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class RecursiveCall(Exception):
    """Raised by a function that wants to be called anew: `raise RecursiveCall(function, *args, **kwargs)`."""

    def __init__(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Hold the function and its next arguments."""
        super().__init__(*args)
        self.func = func
        self.kwargs = kwargs


def tail_recursive(func: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function that raises `RecursiveCall` for itself be called anew, from where it was called first."""

    @functools.wraps(func)
    def called(*args: Any, **kwargs: Any) -> Any:
        while True:
            try:
                return func(*args, **kwargs)
            except RecursiveCall as again:
                if getattr(again.func, "__wrapped__", again.func) is not func:
                    raise
                args, kwargs = again.args, again.kwargs

    return called
