"""Versioning: what makes two flows the same, and what the record keeps of a flow."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import msgspec
import pytest

from runwright import Flow, Parameter, Task, cache_validators, task, triggers
from runwright.runs import EdgeInfo, FlowVersion
from runwright.versioning import policies_of


@task
def inc(x):
    return x + 1


@task
def double(x):
    return x * 2


class Scale(Task):
    def run(self, x):
        return x * 3


class OtherScale(Task):
    def run(self, x):
        return x * 4


def build(name="f", function=inc, value=1, default=5, tags=(), **task_args):
    with Flow(name) as flow:
        p = Parameter("p", default=default)
        a = function(value, task_args={"tags": tags, **task_args})
        inc.map([a, p])
    return flow


def test_what_the_record_keeps():
    flow = build(tags=["t"])
    version = flow.to_version()
    assert ("f", flow.source, flow.fingerprint()) == (version.name, version.source, version.fingerprint)
    assert [node.slug for node in flow.compile().nodes] == [each.slug for each in version.tasks]
    assert [("inc-t-1", ("t",), False), ("inc-1", (), True)] == [
        (each.slug, each.tags, each.is_mapped) for each in version.tasks if each.name == "inc"
    ]
    assert EdgeInfo("List-1", "inc-1", "x", mapped=True) in version.edges


def test_it_survives_the_record():
    version = build(timeout=5, max_retries=1, retry_delay=2).to_version()
    assert version == msgspec.msgpack.decode(msgspec.msgpack.encode(version), type=FlowVersion)
    assert version == msgspec.json.decode(msgspec.json.encode(version), type=FlowVersion)


def test_the_same_flow_has_the_same_fingerprint():
    assert build().fingerprint() == build().fingerprint() == build(name="other").fingerprint()
    assert 64 == len(build().fingerprint())


@pytest.mark.parametrize(
    "change",
    [
        {"function": double},
        {"value": 2},
        {"default": 6},
        {"tags": ["t"]},
        {"timeout": 5},
        {"max_retries": 2, "retry_delay": 1},
        {"trigger": triggers.all_finished},
        {"function": Scale()},
    ],
    ids="-".join,
)
def test_any_change_of_meaning_changes_the_fingerprint(change):
    assert build().fingerprint() != build(**change).fingerprint()


def test_edges_and_reference_tasks_count():
    flow = build()
    before = flow.fingerprint()
    flow.set_reference_tasks(list(flow.tasks)[:1])
    after = flow.fingerprint()
    assert before != after
    a, b, *_ = flow.tasks
    flow.add_edge(a, b)
    assert after != flow.fingerprint()


def test_the_code_of_a_class_counts():
    same_name = type("Scale", (OtherScale,), {"__module__": __name__})
    assert build(function=Scale()).fingerprint() != build(function=same_name()).fingerprint()


def test_values_that_are_no_plain_data_count_by_their_type():
    assert build(value=object()).fingerprint() == build(value=object()).fingerprint()
    assert build(value=object()).fingerprint() != build(value=inc.fn).fingerprint()


def test_code_that_came_from_no_file_counts():
    def typed(text):
        namespace = {"task": task}
        exec(text, namespace)  # noqa: S102  as a prompt does
        return namespace["work"]

    plus_one = "@task\ndef work(x):\n    return [y + 1 for y in x]"
    assert build(function=typed(plus_one)).fingerprint() == build(function=typed(plus_one)).fingerprint()
    assert (
        build(function=typed(plus_one)).fingerprint() != build(function=typed(plus_one.replace("1", "2"))).fingerprint()
    )


def test_the_fingerprint_is_the_same_in_every_process(tmp_path):
    (tmp_path / "etl.py").write_text(
        textwrap.dedent(
            """
            from runwright import Flow, Parameter, task

            @task(tags=["b", "a", "c"], max_retries=1, retry_delay=1, retry_on=[ValueError, KeyError, OSError])
            def work(x, names):
                return x

            with Flow("etl") as flow:
                work(Parameter("p"), names={"x", "y", "z"})
            print(flow.fingerprint())
            """
        )
    )
    fingerprints = {
        subprocess.run(
            [sys.executable, tmp_path / "etl.py"], capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "src"},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert 1 == len(fingerprints)


class TestPolicies:
    def test_a_task_without_options_has_none(self):
        assert {} == policies_of(Task())

    def test_what_is_not_the_default_is_told(self):
        def name(**_): ...

        made = Task(
            max_retries=3,
            retry_delay=[1, 2],
            retry_jitter=0.5,
            retry_on=[ValueError],
            retry_condition=name,
            timeout=5,
            trigger=triggers.some_failed(at_least=2),
            skip_on_upstream_skip=False,
            cache_for=60,
            cache_key="k",
            cache_validator=cache_validators.partial_inputs_only(["x"]),
            checkpoint=True,
            target="t",
            task_run_name=name,
            nout=2,
        )
        assert {
            "max_retries": 3,
            "retry_delay": [1.0, 2.0],
            "retry_jitter": 0.5,
            "retry_on": ["ValueError"],
            "retry_condition": "name",
            "timeout": 5,
            "trigger": "some_failed(at_least=2)",
            "skip_on_upstream_skip": False,
            "cache_for": 60.0,
            "cache_validator": "partial_inputs_only(x)",
            "cache_key": "k",
            "checkpoint": True,
            "target": "t",
            "task_run_name": "name",
            "nout": 2,
        } == policies_of(made)

    def test_a_parameter_tells_its_default(self):
        assert {"checkpoint": True, "required": False, "default": [1, 2]} == policies_of(Parameter("p", default=(1, 2)))
        assert "<object>" == policies_of(Parameter("p", default=object()))["default"]
