"""Signatures: which inputs the run of a task takes."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import pytest

from runwright import Task, task
from runwright.signatures import count_of_results, is_coroutine_function, of_function
from runwright.task_options import TaskOptions


def test_names_are_read_from_the_function():
    def run(a, b, c=1, *, d, e=2, **rest): ...

    signature = of_function(run, "run")
    assert ("a", "b", "c") == signature.positional
    assert ("d", "e") == signature.keyword_only
    assert ("a", "b", "d") == signature.required
    assert signature.accepts_any
    assert "It takes a, b, [c], d, [e], any other by name." == signature.describe()


def test_self_does_not_count():
    class Greet(Task):
        def run(self, name):
            return f"Hello {name}"

    assert {"name": {"type": Any, "required": True}} == Greet().inputs()
    assert ("name",) == of_function(Greet().run, "greet").names


def test_static_and_class_methods_are_fine():
    class Static(Task):
        @staticmethod
        def run(x):
            return x

    class OfClass(Task):
        @classmethod
        def run(cls, x):
            return x

    assert ["x"] == list(Static().inputs())
    assert ["x"] == list(OfClass().inputs())


def test_a_wrapped_function_takes_what_the_wrapped_one_takes():
    def twice(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return 2 * function(*args, **kwargs)

        return wrapper

    @task
    @twice
    def add(x, y=1):
        return x + y

    assert ["x", "y"] == list(add.inputs())
    assert 6 == add.run(1, 2)


def test_partials_and_callable_objects_can_be_tasks():
    class Adder:
        def __call__(self, x, y):
            return x + y

    def add(x, y):
        return x + y

    assert ["x", "y"] == list(task(Adder()).inputs())
    increment = task(functools.partial(add, y=1), name="increment")
    assert {"x": True, "y": False} == {key: each["required"] for key, each in increment.inputs().items()}


def test_any_number_of_arguments_is_refused():
    with pytest.raises(ValueError, match=r"Task 'many': a run function cannot take \*args"):

        @task
        def many(*values): ...


def test_any_number_of_arguments_is_refused_when_a_class_is_made():
    with pytest.raises(ValueError, match=r"Many: a run function cannot take \*args"):

        class Many(Task):
            def run(self, *values): ...


@pytest.mark.parametrize("name", ["upstream_tasks", "mapped", "task_args", "flow"])
def test_the_keywords_of_a_call_cannot_be_inputs(name):
    function = eval(f"lambda {name}: None")  # noqa: S307  the name is the parameter of the test
    with pytest.raises(ValueError, match=f"cannot have an argument called '{name}'"):
        task(function)


def test_positional_only_arguments_are_refused():
    with pytest.raises(TypeError, match="cannot have positional-only arguments"):

        @task
        def only_by_place(x, /): ...


def test_a_builtin_with_positional_only_arguments_is_refused():
    with pytest.raises(TypeError, match="positional-only"):
        task(len)


def test_a_builtin_that_cannot_be_inspected_is_refused():
    with pytest.raises(ValueError, match=r"cannot be inspected.*wrap it in your own function"):
        task(max)


def test_self_may_be_positional_only():
    class Careful(Task):
        def run(self, /, x):
            return x

    assert ["x"] == list(Careful().inputs())


def test_coroutine_functions_are_told_apart():
    async def later(): ...

    def now(): ...

    class Later:
        async def __call__(self): ...

    assert is_coroutine_function(later)
    assert is_coroutine_function(functools.partial(later))
    assert is_coroutine_function(Later())
    assert not is_coroutine_function(now)
    assert not is_coroutine_function(functools.partial(now))


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (tuple[int, str], 2),
        ("tuple[int, str, float]", 3),
        (tuple[int, ...], None),
        (tuple, None),
        (list[int], None),
        ("tuple[NotThere, int]", None),
        ("int", None),
        (None, None),
    ],
)
def test_the_number_of_results_is_read_from_the_annotation(annotation, expected):
    def run(): ...

    run.__annotations__["return"] = annotation
    assert expected == count_of_results(run)


def test_help_shows_the_inputs_and_the_keywords_of_a_call():
    @task
    def add(x: int, y: int = 1) -> int:
        return x + y

    signature = inspect.signature(add)
    assert ["x", "y", "upstream_tasks", "mapped", "task_args", "flow"] == list(signature.parameters)
    assert Task is signature.return_annotation


def test_help_keeps_any_other_argument_last():
    @task
    def gather(**values):
        return values

    assert ["upstream_tasks", "mapped", "task_args", "flow", "values"] == list(inspect.signature(gather).parameters)


def test_help_for_a_class_shows_how_to_make_a_task():
    assert ["name", "slug", "tags", *TaskOptions.__annotations__] == list(inspect.signature(Task).parameters)
