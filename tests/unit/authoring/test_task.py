"""Task: the declaration of one step, and how it joins a flow."""

from __future__ import annotations

import asyncio
import copy
import pickle
import warnings

import cloudpickle
import pytest

from runwright import Edge, Flow, Parameter, Task, task
from runwright.errors import FlowError
from runwright.operators import GetItem
from runwright.task import FunctionTask


@task
def inc(x):
    """Add one."""
    return x + 1


@task
def add(x, y=1):
    return x + y


class Greet(Task):
    def __init__(self, greeting="Hello", **options):
        super().__init__(**options)
        self.greeting = greeting

    def run(self, name):
        return f"{self.greeting} {name}"


class TestDeclaring:
    def test_a_function_becomes_a_task_with_its_name_and_text(self):
        assert isinstance(inc, FunctionTask)
        assert ("inc", "inc", "Add one.") == (inc.name, vars(inc)["__name__"], inc.__doc__)

    def test_a_decorator_takes_options(self):
        @task(name="other", tags=["t"], max_retries=2, retry_delay=10, timeout=5)
        def work(): ...

        assert ("other", {"t"}, 2, 5) == (work.name, work.tags, work.max_retries, work.timeout)

    def test_a_call_takes_options_as_well(self):
        assert "other" == task(inc.fn, name="other").name

    def test_a_class_gives_its_name(self):
        assert "Greet" == Greet().name
        assert "hi" == Greet(name="hi").name

    def test_a_task_of_its_own_does_nothing(self):
        assert Task().run() is None

    def test_the_plain_function_can_be_called(self):
        assert 2 == inc.run(1)
        assert 2 == inc.fn(1)
        assert "Hello you" == Greet().run("you")

    def test_a_name_without_a_keyword_is_explained(self):
        with pytest.raises(TypeError, match=r"got 'my task'. Options go by name: @task\(name=...\)"):

            @task("my task")
            def work(): ...

    def test_an_unknown_option_is_named_with_the_nearest(self):
        with pytest.raises(TypeError, match=r"Task 'work' has no option 'max_retry'. Did you mean 'max_retries'\?"):

            @task(max_retry=3)  # pyright: ignore[reportCallIssue]  the mistake this is about
            def work(): ...

    def test_coroutines_are_known_at_declaration(self):
        @task
        async def fetch():
            return 1

        assert fetch.is_async
        assert not inc.is_async
        assert 1 == asyncio.run(fetch.run())

    def test_a_coroutine_method_is_known_as_well(self):
        class Fetch(Task):
            async def run(self): ...

        assert Fetch().is_async

    def test_each_task_has_a_logger_of_its_name(self):
        assert "runwright.inc" == inc.logger.name
        assert inc.logger is inc.logger
        assert "runwright.other" == inc.copy(name="other").logger.name

    def test_a_task_describes_its_inputs_and_output(self):
        @task
        def scale(x: float, factor: int = 2) -> float:
            return x * factor

        expected = {"x": {"type": "float", "required": True}, "factor": {"type": "int", "required": False}}
        assert expected == scale.inputs()
        assert "float" == scale.outputs()

    def test_a_task_shows_its_name(self):
        assert "<Task: inc>" == repr(inc)
        assert "<Task: Greet>" == repr(Greet())

    def test_tasks_are_equal_by_identity_only(self):
        assert Task(name="a") != Task(name="a")
        assert 2 == len({Task(name="a"), Task(name="a")})

    def test_an_attribute_that_would_be_lost_is_pointed_out(self):
        class Early(Task):
            def __init__(self):
                self.timeout = 5
                super().__init__()

        with pytest.warns(UserWarning, match=r"Early sets timeout before super\(\).__init__\(\)"):
            Early()

    def test_a_task_as_argument_of_a_constructor_is_pointed_out(self):
        with pytest.warns(UserWarning, match=r"A task was passed to the constructor of Greet.*step = Greet\(...\)"):
            Greet(inc)


class TestCalling:
    def test_a_call_joins_a_copy_to_the_flow(self):
        with Flow("f") as flow:
            one = inc(1)
            two = inc(one)
        assert [one, two] == list(flow.tasks)
        assert inc not in flow.tasks
        assert {Edge(one, two, "x")} == flow.edges
        assert {one: {"x": 1}} == dict(flow.constants)

    def test_outside_of_a_flow_the_error_says_what_to_do(self):
        with pytest.raises(ValueError, match=r"Could not infer an active Flow context.*'inc'.*inc\.run\(\.\.\.\)"):
            inc(1)
        with pytest.raises(ValueError, match="Could not infer an active Flow context"):
            inc.map([1])

    def test_a_flow_can_be_given(self):
        flow = Flow("f")
        assert inc(1, flow=flow) in flow.tasks
        assert inc.map([1], flow=flow) in flow.tasks

    def test_arguments_go_by_place_or_name(self):
        with Flow("f") as flow:
            result = add(1, y=2)
        assert {"x": 1, "y": 2} == flow.constants[result]

    @pytest.mark.parametrize(
        ("args", "kwargs", "message"),
        [
            ((), {}, "Task 'add' is missing a required argument: 'x'. It takes x, \\[y\\]."),
            ((1, 2, 3), {}, "Task 'add' got too many positional arguments: 3. It takes x, \\[y\\]."),
            ((1,), {"x": 2}, "Task 'add' got multiple values for argument 'x'."),
            ((1,), {"z": 2}, "Task 'add' got an unexpected keyword argument 'z'."),
        ],
    )
    def test_wrong_arguments_are_named(self, args, kwargs, message):
        with Flow("f") as flow, pytest.raises(TypeError, match=message):
            add(*args, **kwargs)
        assert not flow.tasks

    def test_a_misspelt_argument_is_met_with_the_nearest(self):
        greet = Greet()
        with Flow("f"), pytest.raises(TypeError, match=r"'nam'. Did you mean 'name'\? It takes name."):
            greet(nam="you")

    def test_upstream_tasks_are_waited_for(self):
        with Flow("f") as flow:
            first = inc(1)
            second = inc(2, upstream_tasks=[first])
        assert {Edge(first, second)} == flow.edges

    def test_upstream_tasks_are_a_list(self):
        with Flow("f"):
            first = inc(1)
            with pytest.raises(
                TypeError, match=r"upstream_tasks must be a list of tasks: write upstream_tasks=\[inc\]"
            ):
                inc(2, upstream_tasks=first)

    def test_a_plain_value_to_wait_for_becomes_a_task(self):
        with Flow("f") as flow:
            result = inc(2, upstream_tasks=[5])
        assert ["5"] == [each.name for each in flow.upstream_tasks(result)]

    def test_one_call_can_have_other_attributes(self):
        with Flow("f"):
            result = inc(1, task_args={"name": "special", "timeout": 3, "max_retries": 1, "retry_delay": 2})
        assert ("special", 3, (2.0,)) == (result.name, result.timeout, result.retry_policy.delays)
        assert ("inc", None, 0) == (inc.name, inc.timeout, inc.retry_policy.limit)

    def test_any_keyword_can_be_taken(self):
        @task
        def gather(**values):
            return values

        with Flow("f") as flow:
            result = gather(a=1, b=inc(1))
        assert {"a": 1} == flow.constants[result]
        assert ["b"] == [edge.key for edge in flow.edges_to(result)]

    def test_bind_joins_the_task_itself(self):
        greet = Greet()
        with Flow("f") as flow:
            assert greet is greet.bind(name="you")
        assert {greet} == flow.tasks

    def test_a_task_that_is_made_and_never_joined_is_pointed_out(self):
        with pytest.warns(UserWarning, match="Tasks were created but not added to the flow: <Task: Greet>"), Flow("f"):
            Greet()

    def test_a_template_that_is_called_is_used(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Flow("f"):
                greet = Greet()
                greet("you")
                Greet().map(["you", "me"])

    def test_an_error_in_the_block_is_not_hidden_by_a_warning(self):
        def build():
            with Flow("f"):
                Greet()
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            build()


class TestCopying:
    def test_a_copy_is_changed_by_itself(self):
        original = Greet("Hi", tags=["a"], state_handlers=[lambda *_: None])
        changed = original.copy(greeting="Bye", checkpoint=False)
        changed.tags.add("b")
        changed.state_handlers.clear()
        assert ("Bye", False) == (changed.greeting, changed.checkpoint)
        assert ("Hi", None, {"a"}, 1) == (
            original.greeting,
            original.checkpoint,
            original.tags,
            len(original.state_handlers),
        )

    def test_an_unknown_attribute_is_refused(self):
        with pytest.raises(
            AttributeError, match=r"Greet does not have 'greting' as an attribute. Did you mean 'greeting'"
        ):
            Greet().copy(greting="Bye")

    def test_options_of_a_copy_are_checked(self):
        with pytest.raises(TypeError, match="timeout must be a number of seconds"):
            inc.copy(timeout="5 minutes")

    def test_a_slug_of_its_own_gets_a_suffix(self):
        assert "first-copy" == Task(slug="first").copy().slug
        assert "second" == Task(slug="first").copy(slug="second").slug
        assert Task().copy().slug is None

    def test_edges_stay_behind_and_that_is_said(self):
        with Flow("f") as flow:
            second = inc(inc(1))
            with pytest.warns(UserWarning, match="the copy does not have them"):
                flow.add_task(second.copy())
        assert 1 == len(flow.edges)

    def test_a_retry_option_alone_makes_a_new_policy(self):
        retried = task(inc.fn, max_retries=2, retry_delay=1)
        assert 5 == retried.copy(max_retries=5).retry_policy.limit
        assert 0 == retried.copy(max_retries=0).retry_policy.limit


class TestOrdering:
    def test_set_upstream_and_downstream(self):
        a, b, c = Task(name="a"), Task(name="b"), Task(name="c")
        flow = Flow("f")
        b.set_upstream(a, flow=flow)
        b.set_downstream(c, flow=flow)
        assert {Edge(a, b), Edge(b, c)} == flow.edges

    def test_with_a_key_the_result_is_passed_on(self):
        flow = Flow("f")
        start, end = inc.copy(), add.copy()
        end.set_upstream(start, flow=flow, key="x")
        start.set_downstream(end, flow=flow, key="y", mapped=True)
        assert {Edge(start, end, "x"), Edge(start, end, "y", mapped=True)} == flow.edges

    def test_a_plain_value_for_a_key_is_a_constant(self):
        flow = Flow("f")
        end = inc.copy()
        end.set_upstream(5, flow=flow, key="x")
        assert {"x": 5} == flow.constants[end]

    def test_outside_of_a_flow_the_error_says_so(self):
        with pytest.raises(FlowError, match="Could not infer an active Flow context"):
            Task().set_upstream(Task())

    def test_the_bar_orders_tasks_from_left_to_right(self):
        with Flow("f") as flow:
            a, b, c = inc(1), inc(2), inc(3)
            assert c is (a | b | c)
        assert {Edge(a, b), Edge(b, c)} == flow.edges

    def test_the_bar_takes_plain_values_on_either_side(self):
        with Flow("f") as flow:
            a = inc(1)
            assert a is ([a_first := inc(0)] | a)
        (collected,) = flow.upstream_tasks(a)
        assert {a_first} == flow.upstream_tasks(collected)

    def test_set_dependencies_says_it_all_at_once(self):
        flow = Flow("f")
        middle, first, last, source = add.copy(), Task(), Task(), Task()
        middle.set_dependencies(
            flow, upstream_tasks=[first], downstream_tasks=[last], keyword_tasks={"x": source, "y": 2}
        )
        assert {Edge(first, middle), Edge(middle, last), Edge(source, middle, "x")} == flow.edges
        assert {"y": 2} == flow.constants[middle]

    def test_pipe_reads_in_order(self):
        with Flow("f") as flow:
            result = inc(1).pipe(add, y=2).pipe(inc.map)
        (edge,) = flow.edges_to(result)
        assert edge.mapped
        assert "add" == edge.upstream_task.name


class TestUnpacking:
    def test_several_results_are_unpacked(self):
        @task(nout=2)
        def split(x): ...

        with Flow("f") as flow:
            left, right = split(1)
        assert ["split[0]", "split[1]"] == [left.name, right.name]
        assert isinstance(left, GetItem)
        assert {"key": 1} == flow.constants[right]

    def test_the_number_is_read_from_the_annotation(self):
        @task
        def split(x) -> tuple[int, str]: ...

        assert 2 == split.nout
        with Flow("f"):
            assert 2 == len(list(split(1)))

    def test_an_option_counts_more_than_the_annotation(self):
        @task(nout=3)
        def split(x) -> tuple[int, str]: ...

        assert 3 == split.nout

    def test_an_unknown_number_cannot_be_unpacked(self):
        with Flow("f"), pytest.raises(TypeError, match=r"Task is not iterable.*'inc'.*nout=..."):
            _left, _right = inc(1)

    def test_a_mapped_task_has_no_fixed_number_of_results(self):
        @task(nout=2)
        def split(x): ...

        with Flow("f"):
            assert split.map([1, 2, 3]).nout is None
            assert 4 == split.map([1], task_args={"nout": 4}).nout


class TestTravelling:
    def test_a_function_task_crosses_to_another_process(self):
        restored = cloudpickle.loads(cloudpickle.dumps(inc.copy(name="far", max_retries=1, retry_delay=3)))
        assert 2 == restored.run(1)
        assert ("far", 1) == (restored.name, restored.retry_policy.limit)

    def test_a_class_task_is_pickled_with_its_attributes(self):
        class_task = pickle.loads(pickle.dumps(Parameter("p", default=3)))
        assert ("p", 3, {"p"}) == (class_task.name, class_task.default, {class_task.slug})

    def test_copying_by_hand_makes_no_noise(self):
        assert 2 == copy.copy(inc).run(1)
