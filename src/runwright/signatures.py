"""Signatures: which inputs the `run` of a task takes, and how the arguments of a call become named inputs.

Read once, when a task is declared, from the code object where there is one: binding a call is then a few dictionary
look-ups. `inspect` is loaded only for callables that are no plain functions, and for `help()`.
"""

from __future__ import annotations

import typing
from types import FunctionType, MethodType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from runwright.errors import did_you_mean

if TYPE_CHECKING:
    import inspect
    from collections.abc import Callable, Mapping, Sequence

RESERVED = ("upstream_tasks", "mapped", "task_args", "flow")
"""The keywords that calling a task inside a flow takes for itself."""

_TAKES_ARGS, _TAKES_KWARGS, _IS_COROUTINE = 0x04, 0x08, 0x80


class RunSignature:
    """The inputs of one `run`: `positional` by place or name, `keyword_only` by name, any name if `accepts_any`."""

    __slots__ = ("accepts_any", "keyword_only", "names", "positional", "required")

    def __init__(
        self,
        positional: Sequence[str] = (),
        keyword_only: Sequence[str] = (),
        *,
        optional: frozenset[str] = frozenset(),
        accepts_any: bool = False,
    ) -> None:
        """Hold the names; those that are not `optional` must be given."""
        self.positional = tuple(positional)
        self.keyword_only = tuple(keyword_only)
        self.names = self.positional + self.keyword_only
        self.required = tuple(name for name in self.names if name not in optional)
        self.accepts_any = accepts_any

    def takes(self, name: str) -> bool:
        """Say whether there is an input called `name`."""
        return self.accepts_any or name in self.names

    def bind(self, task: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the inputs by name; raises `TypeError` that names the `task` and says what it takes."""
        if len(args) > len(self.positional):
            raise TypeError(f"Task {task!r} got too many positional arguments: {len(args)}. {self.describe()}")
        bound: dict[str, Any] = dict(zip(self.positional, args, strict=False))
        for name, value in kwargs.items():
            if name in bound:
                raise TypeError(f"Task {task!r} got multiple values for argument {name!r}. {self.describe()}")
            if not self.takes(name):
                hint = did_you_mean(name, self.names)
                raise TypeError(f"Task {task!r} got an unexpected keyword argument {name!r}.{hint} {self.describe()}")
            bound[name] = value
        for name in self.required:
            if name not in bound:
                raise TypeError(f"Task {task!r} is missing a required argument: {name!r}. {self.describe()}")
        return bound

    def describe(self) -> str:
        """Return a sentence that lists the inputs, the optional ones in brackets."""
        shown = [name if name in self.required else f"[{name}]" for name in self.names]
        shown += ["any other by name"] if self.accepts_any else []
        return f"It takes {', '.join(shown)}." if shown else "It takes no arguments."


def of_function(function: Callable[..., Any], owner: str) -> RunSignature:
    """Return what a callable takes; `owner` is the task's name, for errors.

    Raises `ValueError` for `*args`, for reserved names and for what cannot be inspected, `TypeError` for arguments that
    can only be given by place.
    """
    if isinstance(function, MethodType):
        return _checked(function.__func__, owner, skip=1)
    return _checked(function, owner, skip=0)


def of_method(run: Any, owner: str) -> RunSignature:
    """Return what a `run` takes that stands in the body of a class; `self` does not count. Raises as `of_function`."""
    if isinstance(run, staticmethod):
        return _checked(run.__func__, owner, skip=0)
    if isinstance(run, classmethod):
        return _checked(run.__func__, owner, skip=1)  # pyright: ignore[reportUnknownMemberType]  any function
    return _checked(run, owner, skip=1 if isinstance(run, FunctionType) else 0)


def is_coroutine_function(function: Any) -> bool:
    """Say whether calling `function` gives a coroutine: it is declared with `async def`."""
    plain: Any = function.__func__ if isinstance(function, MethodType) else function
    if isinstance(plain, FunctionType):
        return bool(plain.__code__.co_flags & _IS_COROUTINE)
    import inspect  # noqa: PLC0415  partials and callable objects are rare, and this import is not cheap

    call = type(function).__call__
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(call)


def count_of_results(function: Any) -> int | None:
    """Return how many values the return annotation `tuple[A, B]` promises, None when it says no such thing."""
    annotation = getattr(function, "__annotations__", {}).get("return")
    if isinstance(annotation, str):
        annotation = _evaluated(annotation, function)
    parts = typing.get_args(annotation)
    is_bare = annotation is typing.Tuple  # noqa: UP006  old code writes it, and it promises no number
    is_fixed = typing.get_origin(annotation) is tuple and not is_bare and Ellipsis not in parts
    return len(parts) if is_fixed else None


def described_inputs(function: Any, signature: RunSignature) -> dict[str, dict[str, Any]]:
    """Return the type (`Any` where none is declared) of each input, and whether it is required."""
    annotations: dict[str, Any] = getattr(function, "__annotations__", {})
    return {
        name: {"type": annotations.get(name, Any), "required": name in signature.required} for name in signature.names
    }


def of_call(function: Callable[..., Any], returns: Any) -> inspect.Signature:
    """Return the signature of a task for `help()`: the inputs and the reserved keywords, returning a task."""
    import inspect  # noqa: PLC0415  only people who ask for help pay for it

    own = inspect.signature(function)
    parameters = list(own.parameters.values())
    extra = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False if name == "mapped" else None)
        for name in RESERVED
    ]
    if parameters and parameters[-1].kind is inspect.Parameter.VAR_KEYWORD:
        extra.append(parameters.pop())
    return inspect.Signature([*parameters, *extra], return_annotation=returns)


def of_constructor(kind: type, options: Mapping[str, Any]) -> inspect.Signature:
    """Return the signature of a class for `help()`, with the `options` (name to type) that it takes by name."""
    import inspect  # noqa: PLC0415  as above

    own = inspect.signature(kind.__init__)
    taken = [each for name, each in own.parameters.items() if name != "options"][1:]
    if "options" in own.parameters:
        taken += [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
            for name, annotation in options.items()
            if name not in own.parameters
        ]
    return own.replace(parameters=taken)


def _checked(function: Any, owner: str, *, skip: int) -> RunSignature:
    if isinstance(function, FunctionType) and not hasattr(function, "__wrapped__"):
        signature = _from_code(function, owner, skip)
    else:
        signature = _from_inspection(function, owner, skip)
    reserved = [name for name in RESERVED if name in signature.names]
    if reserved:
        raise ValueError(
            f"{owner}: a run function cannot have an argument called {reserved[0]!r}, because calling a task inside a "
            "flow uses that keyword: rename it."
        )
    return signature


def _from_code(function: FunctionType, owner: str, skip: int) -> RunSignature:
    code = function.__code__
    if code.co_flags & _TAKES_ARGS:
        raise _any_number(owner)
    if code.co_posonlyargcount > skip:
        raise _by_place_only(owner)
    count = code.co_argcount
    positional = code.co_varnames[skip:count]
    keyword_only = code.co_varnames[count : count + code.co_kwonlyargcount]
    first_optional = max(0, len(positional) - len(function.__defaults__ or ()))
    optional = frozenset[str]([*positional[first_optional:], *(function.__kwdefaults__ or {})])
    accepts_any = bool(code.co_flags & _TAKES_KWARGS)
    return RunSignature(positional, keyword_only, optional=optional, accepts_any=accepts_any)


def _from_inspection(function: Any, owner: str, skip: int) -> RunSignature:
    import inspect  # noqa: PLC0415  see is_coroutine_function

    try:
        parameters = list(inspect.signature(function).parameters.values())[skip:]
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{owner}: the arguments of {function!r} cannot be inspected ({error}): wrap it in your own function."
        ) from error
    kinds = {parameter.kind for parameter in parameters}
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        raise _any_number(owner)
    if inspect.Parameter.POSITIONAL_ONLY in kinds:
        raise _by_place_only(owner)
    return RunSignature(
        [each.name for each in parameters if each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD],
        [each.name for each in parameters if each.kind is inspect.Parameter.KEYWORD_ONLY],
        optional=frozenset(each.name for each in parameters if each.default is not inspect.Parameter.empty),
        accepts_any=inspect.Parameter.VAR_KEYWORD in kinds,
    )


def _any_number(owner: str) -> ValueError:
    return ValueError(
        f"{owner}: a run function cannot take *args, because a flow passes every input by name: name the arguments, "
        "take one list, or take **kwargs."
    )


def _by_place_only(owner: str) -> TypeError:
    return TypeError(
        f"{owner}: a run function cannot have positional-only arguments, because a flow passes every input by name: "
        "wrap it in your own function."
    )


def _evaluated(annotation: str, function: Any) -> Any:
    """Return what an annotation in quotes says; None when its names cannot be found now."""
    if "uple[" not in annotation:
        return None
    holder = SimpleNamespace(__annotations__={"return": annotation})
    try:
        return typing.get_type_hints(holder, getattr(function, "__globals__", {}))["return"]
    except Exception:  # noqa: BLE001  whatever a name in quotes leads to
        return None
