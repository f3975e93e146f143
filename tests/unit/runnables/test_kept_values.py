"""Tasks that keep values: under keys of a namespace, and as states of a flow."""

from __future__ import annotations

import pytest

from runwright.errors import KeyTaken, RunnableFailed
from runwright.testing.fake_clock import FakeClock


def test_a_value_is_kept_and_read(run, scope):
    assert None is run("type: kv.Set\nkey: '{{ k }}'\nvalue: '{{ n }}'\nkvDescription: about", k="a", n="hello").outputs
    (kept,) = scope.key_values.list_values("company.team")
    assert ("company.team", "a", "hello", "STRING", "about", None) == (
        kept.namespace, kept.key, kept.value, kept.type, kept.description, kept.expires
    )  # fmt: skip
    assert {"value": "hello"} == run("type: kv.Get\nkey: a").outputs
    assert {"value": None} == run("type: kv.Get\nkey: a\nnamespace: other").outputs


@pytest.mark.parametrize(
    ("written", "type_", "value"),
    [
        ("'{{ x }}'", "JSON", {"a": [1]}),
        ("'{{ n }}'", "NUMBER", 3),
        ("'{{ n > 1 }}'", "BOOLEAN", True),
        ("'n is {{ n }}'", "STRING", "n is 3"),
        ("{a: '{{ n }}'}", "JSON", {"a": 3}),
    ],
)
def test_a_value_keeps_its_type(run, scope, written, type_, value):
    run(f"type: kv.Set\nkey: a\nvalue: {written}", x={"a": [1]}, n=3)
    (kept,) = scope.key_values.list_values("company.team")
    assert (type_, value) == (kept.type, kept.value)


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        ("STRING", "3", "3"),
        ("NUMBER", "3", 3),
        ("NUMBER", "3.5", 3.5),
        ("BOOLEAN", "true", True),
        ("DATETIME", "2024-01-31T09:30:00Z", "2024-01-31T09:30:00Z"),
        ("DATE", "2024-01-31", "2024-01-31"),
        ("DURATION", "PT5M", "PT5M"),
        ("JSON", '{"a": [1]}', {"a": [1]}),
    ],
)
def test_a_value_gets_the_declared_type(run, scope, type_, text, value):
    run(f"type: kv.Set\nkey: a\nvalue: '{{{{ t }}}}'\nkvType: {type_}", t=text)
    (kept,) = scope.key_values.list_values("company.team")
    assert (type_, value) == (kept.type, kept.value)


@pytest.mark.parametrize("type_", ["NUMBER", "BOOLEAN", "DATETIME", "DATE", "DURATION", "JSON"])
def test_a_value_of_another_type_is_refused(run, type_):
    with pytest.raises(RunnableFailed, match=f"The value for the key 'a' is no {type_}"):
        run(f"type: kv.Set\nkey: a\nvalue: some text\nkvType: {type_}")


def test_a_value_may_be_kept_for_a_time(run, scope):
    later = 4_000_000_000 * 10**9
    with FakeClock(later):
        run("type: kv.Set\nkey: a\nvalue: x\nttl: '{{ d }}'", d="PT5M")
    (kept,) = scope.key_values.list_values("company.team")
    assert later + 300 * 10**9 + 1_000 == kept.expires


def test_a_key_may_be_taken(run):
    run("type: kv.Set\nkey: a\nvalue: x")
    run("type: kv.Set\nkey: a\nvalue: y")
    with pytest.raises(KeyTaken):
        run("type: kv.Set\nkey: a\nvalue: z\noverwrite: false")
    assert {"value": "y"} == run("type: kv.Get\nkey: a").outputs


def test_a_key_is_needed(run):
    with pytest.raises(RunnableFailed, match="yields an empty text"):
        run("type: kv.Set\nkey: '{{ k }}'\nvalue: x", k="")


def test_keys_are_listed_and_deleted(run):
    for key in ("a1", "b1", "a2"):
        run(f"type: kv.Set\nkey: {key}\nvalue: x")
    assert {"keys": ["a1", "a2", "b1"]} == run("type: kv.GetKeys").outputs
    assert {"keys": ["a1", "a2"]} == run("type: kv.GetKeys\nprefix: a").outputs
    assert {"deleted": True} == run("type: kv.Delete\nkey: a1").outputs
    assert {"deleted": False} == run("type: kv.Delete\nkey: a1").outputs


@pytest.mark.parametrize("type_", ["Get", "Delete"])
def test_a_key_that_is_missing_may_be_a_failure(run, type_):
    with pytest.raises(RunnableFailed, match=r"Nothing is kept under the key 'a' in the namespace company\.team"):
        run(f"type: kv.{type_}\nkey: a\nerrorOnMissing: true")


def test_a_state_is_added_to_and_read(run, scope):
    assert {} == run("type: state.Get").outputs["data"]
    assert 1 == run("type: state.Set\ndata: {a: '{{ n }}'}", n=1).outputs["count"]
    outputs = run("type: state.Set\ndata: {b: x}").outputs
    assert {"count": 2, "key": "orders/default", "uri": "kestra:///company/team/_states/orders/default.json"} == outputs
    assert {"a": 1, "b": "x"} == run("type: state.Get").outputs["data"]
    assert run("type: state.Delete").outputs["deleted"]
    assert not run("type: state.Delete").outputs["deleted"]
    assert {} == scope.files


def test_a_state_belongs_to_a_name_a_flow_and_a_value(run, scope):
    taskrun = {"value": "../a.b"}
    keys = [
        run(f"type: state.Set\n{keys}", taskrun=taskrun).outputs["key"]
        for keys in ("", "name: n/1", "namespace: true", "taskrunValue: false")
    ]
    value = "%2E%2E%2Fa%2Eb"
    assert [f"orders/default/{value}", f"orders/n%2F1/{value}", f"default/{value}", "orders/default"] == keys
    assert 4 == len(scope.files)
    assert 64 == len(
        run("type: state.Set\nname: '{{ n }}'", n="x" * 300, taskrun={}).outputs["key"].removeprefix("orders/")
    )


@pytest.mark.parametrize("type_", ["Get", "Delete"])
def test_a_state_that_is_missing_may_be_a_failure(run, type_):
    with pytest.raises(RunnableFailed, match="There is no state orders/default"):
        run(f"type: state.{type_}\nerrorOnMissing: true")


def test_a_damaged_state_is_told(run, scope):
    scope.drive.put("kestra:///company/team/_states/orders/default.json", b"{")
    with pytest.raises(RunnableFailed, match=r"damaged: delete it with state\.Delete"):
        run("type: state.Get")
