"""Tasks as documented: constructor arguments, joining a flow, conversion of values, annotations, slugs."""

from __future__ import annotations

import inspect
import logging
import warnings
from datetime import timedelta
from typing import Any

import pytest

from runwright import (
    Edge,
    Flow,
    Parameter,
    Task,
    cache_validators,
    defaults_from_attrs,
    flatten,
    mapped,
    pause_task,
    signals,
    tags,
    task,
    triggers,
    unmapped,
)  # fmt: skip
from runwright.collecting import Constant, Dict, List, Set, Tuple, as_task
from runwright.context import context
from runwright.results import LocalResult


class AddTask(Task):
    def run(self, x, y=1):
        return x + y


@task
def inc(x):
    return x + 1


class TestConstructor:
    def test_the_name_is_the_class_or_the_function(self):
        assert ("Task", "AddTask", "inc", "other") == (Task().name, AddTask().name, inc.name, Task(name="other").name)

    def test_the_slug_is_the_flows_to_give(self):
        assert Task().slug is None
        assert "mine-copy" == Task(slug="mine").copy().slug

    def test_tags_add_up_with_those_of_the_context(self):
        with tags("a"), tags("b"):
            made = Task(tags=["c"])
        assert {"a", "b", "c"} == made.tags
        with tags("d"):
            assert {"d", "a", "b", "c"} == made.copy().tags
        with Flow("f"), tags("d"):
            assert {"d"} == inc(1).tags
        with pytest.raises(TypeError):
            Task(tags="one string")

    @pytest.mark.parametrize(
        "options",
        [
            {"max_retries": 1},
            {"retry_delay": timedelta(seconds=1)},
            {"retry_on": ValueError},
        ],
        ids=str,
    )
    def test_retries_are_said_in_full(self, options):
        with pytest.raises(ValueError, match="max_retries"):
            Task(**options)

    def test_without_any_word_nothing_is_retried(self):
        made = Task()
        assert (0, None, None) == (made.max_retries, made.retry_delay, made.retry_on)

    def test_retry_on_is_a_set_of_exception_classes(self):
        def retrying(retry_on):
            return Task(max_retries=1, retry_delay=timedelta(0), retry_on=retry_on)

        assert {ValueError} == retrying(ValueError).retry_on
        assert {ValueError, OSError} == retrying([ValueError, OSError]).retry_on
        for wrong in (ValueError("x"), [ValueError("x")], int, "ValueError"):
            with pytest.raises(TypeError):
                retrying(wrong)

    def test_a_timeout_is_seconds(self):
        assert Task().timeout is None
        assert (1, 2) == (Task(timeout=1).timeout, Task(timeout=timedelta(seconds=2)).timeout)
        with pytest.raises(TypeError):
            Task(timeout="1")

    def test_caching_is_off_unless_it_is_asked_for(self):
        assert cache_validators.never_use is Task().cache_validator
        assert cache_validators.duration_only is Task(cache_for=timedelta(hours=1)).cache_validator
        with pytest.warns(UserWarning, match="will not be cached"):
            Task(cache_validator=cache_validators.all_inputs)

    def test_a_target_becomes_the_location_of_a_copy_of_the_result(self):
        result = LocalResult(dir=".")
        made = Task(target="here", result=result)
        assert ("here", None) == (made.result.location, result.location)
        with pytest.warns(UserWarning, match="location"):
            Task(target="here", result=LocalResult(dir=".", location="there"))

    def test_a_call_may_change_the_target(self):
        made = Task(target="here", result=LocalResult(dir="."))
        with Flow("f"), pytest.warns(UserWarning, match="another location"):
            assert "there" == made(task_args={"target": "there"}).result.location

    def test_state_handlers_are_a_sequence(self):
        assert [] == Task().state_handlers
        with pytest.raises(TypeError, match="iterable"):
            Task(state_handlers=lambda *_: None)

    def test_on_failure_is_one_more_handler(self):
        assert 2 == len(Task(state_handlers=[lambda *_: None], on_failure=lambda *_: None).state_handlers)

    def test_the_number_of_results_makes_it_iterable(self):
        @task
        def pair() -> tuple[int, str]:
            return 1, "a"

        @task
        def any_number() -> tuple[int, ...]:
            return (1,)

        @task
        def none_at_all() -> tuple[()]:
            return ()

        assert (2, None, 0, 3) == (pair.nout, any_number.nout, none_at_all.nout, Task(nout=3).nout)
        with Flow("f"):
            first, second = pair()
            assert ("pair[0]", "pair[1]") == (first.name, second.name)
            with pytest.raises(TypeError, match="Task is not iterable"):
                first, second = any_number()

    def test_other_defaults(self):
        made = Task()
        assert (True, None, None, None, False, None, None, None) == (
            made.skip_on_upstream_skip, made.cache_for, made.cache_key, made.checkpoint, made.log_stdout, made.result,
            made.target, made.task_run_name,
        )  # fmt: skip
        assert made.trigger is triggers.all_successful
        assert made.auto_generated is False

    def test_an_unknown_option_is_refused(self):
        make: Any = Task
        with pytest.raises(TypeError):
            make(unknown=1)

    def test_a_task_has_a_logger(self):
        assert isinstance(inc.logger, logging.Logger)
        assert "runwright.inc" == inc.logger.name

    def test_an_attribute_that_will_be_lost_is_warned_about(self):
        class Careless(Task):
            def __init__(self):
                self.target = "x"
                super().__init__()

        with pytest.warns(UserWarning, match="target"):
            Careless()

    def test_a_task_given_to_a_constructor_is_warned_about(self):
        class Holder(Task):
            def __init__(self, held, **options):
                super().__init__(**options)

        with pytest.warns(UserWarning, match="A task was passed to the constructor"):
            Holder(Task())


class TestRunSignature:
    def test_any_number_of_arguments_is_refused(self):
        with pytest.raises(ValueError, match=r"\*args"):

            class Star(Task):
                def run(self, x, *y):
                    pass

        with pytest.raises(ValueError, match=r"\*args"):
            task(lambda *x: x)

    @pytest.mark.parametrize("name", ["upstream_tasks", "mapped", "task_args", "flow"])
    def test_reserved_names_are_refused(self, name):
        by_name = {
            "upstream_tasks": lambda upstream_tasks: upstream_tasks,
            "mapped": lambda mapped: mapped,
            "task_args": lambda task_args: task_args,
            "flow": lambda flow: flow,
        }
        with pytest.raises(ValueError, match=name):
            task(by_name[name])

    def test_what_cannot_be_inspected_is_refused(self):
        with pytest.raises(ValueError, match="inspected"):
            task(zip)

    def test_positional_only_is_refused(self):
        def by_place(x, /):
            return x

        with pytest.raises(TypeError):
            task(by_place)

    def test_keywords_are_welcome(self):
        with Flow("f") as flow:
            made = task(lambda **kwargs: kwargs)(a=1, b=2)
        assert {"a": 1, "b": 2} == flow.constants[made]

    def test_the_signature_shows_how_to_call_a_task(self):
        class Typed(Task):
            def run(self, x: int, y: bool, z: int = 1, **kwargs):
                pass

        made = Typed()
        shown = inspect.signature(made)
        for name, parameter in inspect.signature(made.run).parameters.items():
            assert parameter == shown.parameters[name]
        assert {"mapped", "task_args", "upstream_tasks", "flow"} <= set(shown.parameters)
        assert "name" in inspect.signature(Typed).parameters

    def test_inputs_and_outputs_are_those_of_run(self):
        @task
        def typed(x: int, y=None) -> str:
            return str(x)

        assert {"x": {"type": "int", "required": True}, "y": {"type": Any, "required": False}} == typed.inputs()
        assert "str" == typed.outputs()
        assert Any is inc.outputs()


class TestCalling:
    def test_a_call_copies_and_binds(self):
        with Flow("f") as flow:
            made = inc(1)
        assert made is not inc
        assert {made} == flow.tasks
        assert {"x": 1} == flow.constants[made]

    def test_bind_does_not_copy(self):
        made = AddTask()
        with Flow("f") as flow:
            assert made is made.bind(1)
        assert {made} == flow.tasks

    def test_outside_of_a_flow_it_says_so(self):
        for call in (lambda: inc(1), lambda: AddTask().bind(1), lambda: inc.map([1])):
            with pytest.raises(ValueError, match="Could not infer an active Flow context"):
                call()

    def test_the_extra_keywords(self):
        flow = Flow("f")
        first = Task()
        made = inc(x=[1], mapped=True, task_args={"name": "again", "tags": ["t"]}, upstream_tasks=[first], flow=flow)
        assert ("again", {"t"}) == (made.name, made.tags)
        assert {first} < flow.upstream_tasks(made)
        assert {True} == {edge.mapped for edge in flow.edges_to(made)}

    def test_a_copy_knows_only_known_attributes(self):
        assert 5 == Task().copy(cache_key="k", max_retries=5, retry_delay=timedelta(0)).max_retries
        with pytest.raises(AttributeError, match="foo"):
            Task().copy(foo="bar")

    def test_copying_a_task_with_edges_warns(self):
        with Flow("f") as flow:
            made = inc(1)
            inc(made)
            with pytest.warns(UserWarning, match="dependencies"):
                flow.add_task(made.copy())
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            made.copy()

    def test_map_refuses_what_has_no_elements(self):
        with Flow("f"):
            for wrong in (1, iter([1])):
                with pytest.raises(TypeError, match="Cannot map over unsubscriptable object"):
                    inc.map(wrong)

    def test_map_forgets_the_number_of_results(self):
        @task(nout=2)
        def pair(x):
            return x, x

        with Flow("f"):
            assert pair.map([1]).nout is None


class TestOrdering:
    def test_upstream_and_downstream_with_and_without_keys(self):
        flow = Flow("f")
        a, b, c = Task(), AddTask(), AddTask()
        b.set_upstream(a, flow=flow)
        b.set_upstream(a, flow=flow, key="x")
        b.set_downstream(c, flow=flow, key="y", mapped=True)
        assert {Edge(a, b), Edge(a, b, "x"), Edge(b, c, "y", mapped=True)} == flow.edges

    def test_the_bar_orders_on_both_sides(self):
        with Flow("f") as flow:
            a, b = Task(name="a"), Task(name="b")
            assert b is (a | b)
            constant_first = 1 | a
        assert a is constant_first
        assert b in flow.downstream_tasks(a)
        assert ["1"] == [each.name for each in flow.upstream_tasks(a)]

    def test_pipe_reads_in_order(self):
        with Flow("f") as flow:
            parameter = Parameter("p")
            made = parameter.pipe(unmapped).pipe(AddTask().map, y=[1, 2])
        assert Edge(parameter, made, "x") in flow.edges
        assert {False, True} == {edge.mapped for edge in flow.edges_to(made)}

    def test_set_dependencies_turns_values_into_tasks(self):
        flow = Flow("f")
        made = AddTask()
        flow.set_dependencies(made, upstream_tasks=[2], downstream_tasks=[3], keyword_tasks={"x": 4})
        assert (3, 2, {"x": 4}) == (len(flow.tasks), len(flow.edges), flow.constants[made])


class TestConversion:
    def test_a_task_stays_itself(self):
        made = Task()
        assert made is as_task(made)
        assert made is as_task(unmapped(made))

    @pytest.mark.parametrize("value", [1, "a", None, [1, 2], (1,), {1}, {"a": [1]}], ids=repr)
    def test_a_value_becomes_a_constant(self, value):
        made = as_task(value)
        assert isinstance(made, Constant)
        assert made.auto_generated
        assert value == made.run()

    @pytest.mark.parametrize(
        ("kind", "build"),
        [
            (List, lambda t: [t, 1]),
            (Tuple, lambda t: (t, 1)),
            (Set, lambda t: {t, 1}),
            (Dict, lambda t: {"a": t}),
        ],
    )
    def test_a_collection_with_tasks_becomes_a_task(self, kind, build):
        with Flow("f") as flow:
            made = as_task(build(Task()))
        assert isinstance(made, kind)
        assert made.auto_generated
        assert made in flow.tasks

    def test_a_list_is_fed_by_number(self):
        with Flow("f") as flow:
            x = Parameter("x")
            made = as_task([1, x])
        assert {Edge(x, made, "arg_2")} == flow.edges
        assert {"arg_1": 1} == flow.constants[made]

    def test_a_dict_takes_four_edges_for_two_values(self):
        with Flow("f") as flow:
            inc({"a": Parameter("x"), "b": Parameter("y")})
        assert (5, 4) == (len(flow.tasks), len(flow.edges))

    @pytest.mark.parametrize(
        ("name", "value"),
        [("1", 1), ("'abcdef'", "abcdef"), ("Constant[str]", "abcdefg"), ("Constant[list]", [1, 2, 3]), ("None", None)],
    )
    def test_a_constant_is_named_after_its_value(self, name, value):
        assert name == Constant(value).name

    def test_annotations_nest_and_the_outer_wins(self):
        x = Task()
        both = mapped(flatten(x))
        assert (x, {"mapped": True, "flattened": True}) == (both.value, both.annotations)
        assert {"mapped": False} == unmapped(mapped(x)).annotations


class TestSlugs:
    def test_they_count_from_one(self):
        with Flow("f") as flow:
            first, second = Task(name="a"), Task(name="a", tags=["z", "b"])
            third = Task(name="a")
            for each in (first, second, third):
                flow.add_task(each)
        assert ["a-1", "a-b-z-1", "a-2"] == [flow.slugs[each] for each in (first, second, third)]

    def test_taken_ones_are_skipped(self):
        flow = Flow("f", tasks=[Task(name="x", slug="a-1"), Task(name="a")])
        assert {"a-1", "a-2"} == set(flow.slugs.values())

    def test_an_explicit_one_is_unique(self):
        flow = Flow("f", tasks=[Task(slug="s")])
        with pytest.raises(ValueError, match="slug"):
            flow.add_task(Task(slug="s"))

    def test_renaming_a_task_keeps_its_slug(self):
        made = Task(name="a")
        flow = Flow("f", tasks=[made])
        made.name = "b"
        assert "a-1" == flow.slugs[made]


class TestPausing:
    def test_a_pause_waits_for_somebody(self):
        with pytest.raises(signals.PAUSE) as raised:
            pause_task("wait")
        state: Any = raised.value.state
        assert ("wait", None) == (state.message, state.start_time)

    def test_a_pause_may_end_by_itself(self):
        with pytest.raises(signals.PAUSE) as raised:
            pause_task(duration=timedelta(hours=1))
        state: Any = raised.value.state
        assert state.start_time is not None

    def test_a_task_that_is_resumed_comes_through(self):
        with context(resume=True):
            pause_task()


class TestDefaultsFromAttributes:
    def test_what_is_left_out_comes_from_the_task(self):
        class Adder(Task):
            def __init__(self, y=None, **options):
                self.y = y
                super().__init__(**options)

            @defaults_from_attrs("y")
            def run(self, x, y=None):
                return x, y

        made = Adder(y=5)
        assert (1, 5) == made.run(1)
        assert (1, 6) == made.run(x=1, y=6) == made.run(1, 6)
        assert (1, None) == made.run(x=1, y=None)
        assert {"x", "y"} == set(made.inputs())


class TestSerializing:
    def test_a_task_says_what_it_is(self):
        made = Task(
            name="t", slug="s", tags=["b", "a"], max_retries=2, retry_delay=timedelta(seconds=3), timeout=4,
            cache_for=timedelta(minutes=1), cache_key="k", trigger=triggers.some_failed(at_least=1),
        )  # fmt: skip
        assert {
            "type": "runwright.task.Task",
            "name": "t",
            "slug": "s",
            "tags": ["a", "b"],
            "max_retries": 2,
            "retry_delay": 3.0,
            "timeout": 4,
            "cache_for": 60.0,
            "cache_key": "k",
            "trigger": {"fn": "runwright.triggers.some_failed", "kwargs": {"at_least": 1, "at_most": None}},
            "cache_validator": {"fn": "runwright.cache_validators.duration_only", "kwargs": {}},
            "skip_on_upstream_skip": True,
            "auto_generated": False,
            "inputs": {},
            "outputs": "typing.Any",
        } == made.serialize() | {"inputs": {}, "outputs": "typing.Any"}

    def test_a_subclass_names_itself(self):
        assert AddTask().serialize()["type"].endswith(".AddTask")

    def test_inputs_are_described(self):
        assert {
            "x": {"type": "typing.Any", "required": True},
            "y": {"type": "typing.Any", "required": False},
        } == AddTask().serialize()["inputs"]
