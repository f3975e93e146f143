"""Parameters as documented."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from runwright import DateTimeParameter, Flow, Parameter, Task, context, signals, task


@task
def inc(x):
    return x + 1


def test_a_name_is_needed():
    make: Any = Parameter
    with pytest.raises(TypeError):
        make()


@pytest.mark.parametrize(
    ("required", "options"),
    [
        (True, {}),
        (False, {"default": 1}),
        (False, {"default": None}),
        (False, {"required": False}),
        (True, {"required": True}),
    ],
    ids=str,
)
def test_it_is_required_without_a_default(required, options):
    assert required is Parameter("x", **options).required


def test_its_slug_is_its_name_and_it_is_always_stored():
    x = Parameter("x", tags=["a"])
    assert ("x", {"a"}, True) == (x.slug, x.tags, x.checkpoint)


def test_calling_one_gives_itself():
    with Flow("f") as flow:
        x = Parameter("x")
        assert x is x()
        assert "y" == x(task_args={"name": "y", "slug": "y"}).name
    assert 2 == len(flow.parameters())


def test_a_copy_may_have_another_name():
    x = Parameter("x", default=3)
    other = x.copy("y")
    assert ("y", "y", 3) == (other.name, other.slug, other.default)
    assert ("x", "x") == (x.copy().name, x.copy().slug)


def test_two_of_one_name_do_not_fit_in_a_flow():
    flow = Flow("f", tasks=[Parameter("x")])
    with pytest.raises(ValueError, match="slug"):
        flow.add_task(Parameter("x"))


def test_nothing_comes_before_one():
    flow = Flow("f")
    with pytest.raises(ValueError, match="Parameters must be root tasks"):
        flow.add_edge(Task(), Parameter("x"))


def test_a_required_value_that_is_missing():
    with pytest.raises(signals.FAIL, match=r'^Parameter "x" was required but not provided\.$'):
        Parameter("x").run()


def test_values_go_by_dict_and_by_keyword(runwright_home):
    with Flow("f") as flow:
        made = inc(Parameter("x"))
    assert 2 == flow.run(parameters={"x": 1}).result[made].result
    assert 3 == flow.run(x=2).result[made].result
    with pytest.raises(ValueError, match="x"):
        flow.run()
    with pytest.raises(ValueError, match="y"):
        flow.run(x=1, y=2)


class TestDateTime:
    @pytest.mark.parametrize(
        "text",
        ["2025-01-02T03:04:05Z", "2025-01-02T03:04:05", "2025-01-02 03:04:05+00:00", "2025-01-02T05:04:05+02:00"],
    )
    def test_text_is_read(self, text):
        with context(parameters={"when": text}):
            assert datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC) == DateTimeParameter("when").run()

    def test_a_datetime_is_taken_as_it_is(self):
        moment = datetime(2025, 1, 1, tzinfo=UTC)
        with context(parameters={"when": moment}):
            assert moment is DateTimeParameter("when").run()

    def test_it_is_required_unless_told_otherwise(self):
        assert DateTimeParameter("when").required
        assert DateTimeParameter("when", required=False).run() is None

    def test_nonsense_is_refused(self):
        with context(parameters={"when": "soon"}), pytest.raises(ValueError, match="no date and time"):
            DateTimeParameter("when").run()


def test_it_is_serialized_with_its_default():
    document = Parameter("x", default=1).serialize()
    assert ("x", False, 1) == (document["slug"], document["required"], document["default"])
    assert "max_retries" not in document
