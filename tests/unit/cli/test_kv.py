"""Values of namespaces on the command line."""

from __future__ import annotations

import pytest


@pytest.fixture
def kv(runwright):
    def call(verb, *arguments, namespace="company.team"):
        return runwright("kv", verb, "-n", namespace, *arguments)

    return call


def test_a_value_is_kept_and_printed(kv):
    outcome = kv("set", "greeting", "hello there")

    assert (0, "") == (outcome.status, outcome.out)
    assert "company.team/greeting is kept: STRING, version 1\n" == outcome.err
    assert ["hello there"] == kv("get", "greeting").lines


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("7", 7, "NUMBER"),
        ("-1.5", -1.5, "NUMBER"),
        ("007", "007", "STRING"),
        ("true", True, "BOOLEAN"),
        ("True", "True", "STRING"),
        ('{"a": [1]}', {"a": [1]}, "JSON"),
        ("[1, 2]", [1, 2], "JSON"),
        ("{not json", "{not json", "STRING"),
        ("", "", "STRING"),
        ("null", "null", "STRING"),
    ],
)
def test_a_value_is_what_it_looks_like(kv, text, value, kind):
    kv("set", "--", "key", text)

    row = kv("get", "key", "--json").data
    assert (value, kind) == (row["value"], row["type"])


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("7", "STRING", "7"),
        ("yes", "boolean", True),
        ("2026-01-31", "DATE", "2026-01-31"),
        ("PT1H", "DURATION", "PT1H"),
        ('"x"', "JSON", "x"),
    ],
)
def test_a_value_is_what_it_is_said_to_be(kv, text, kind, value):
    kv("set", "key", text, "--type", kind)

    row = kv("get", "key", "--json").data
    assert (value, kind.upper()) == (row["value"], row["type"])


def test_a_value_that_is_not_what_it_is_said_to_be_is_refused(kv):
    kv("set", "key", "before")
    outcome = kv("set", "key", "soon", "--type", "DATE")

    assert (2, True) == (outcome.status, "it is no DATE" in outcome.err)
    assert ["before"] == kv("get", "key").lines


def test_a_key_that_is_taken_can_be_left_alone(kv):
    kv("set", "key", "1")

    assert (1, True) == (
        (outcome := kv("set", "key", "2", "--no-overwrite")).status,
        "has a value already" in outcome.err,
    )
    assert "version 2" in kv("set", "key", "2").err
    assert ["2"] == kv("get", "key").lines


def test_a_value_may_have_an_end(kv):
    row = kv("set", "key", "1", "--ttl", "PT1H", "--description", "for an hour", "--json").data

    assert ("for an hour", True) == (row["description"], row["expires"] > row["updated"])


@pytest.mark.parametrize("ttl", ["soon", "PT0S", "-PT1H", "P1Y"])
def test_an_end_that_is_none_is_refused(kv, ttl):
    assert (2, True) == ((outcome := kv("set", "key", "1", "--ttl", ttl)).status, "--ttl" in outcome.err)


def test_values_are_listed_by_key(kv):
    for key, text in (("b", "text"), ("a.1", '{"x": 1}'), ("a.2", "3")):
        kv("set", key, text)
    kv("set", "other", "1", namespace="company")

    assert [["a.1", "JSON", '{"x":1}'], ["a.2", "NUMBER", "3"], ["b", "STRING", "text"]] == [
        line.split("\t")[:3] for line in kv("ls").lines[-3:]
    ]
    assert [("a.1", {"x": 1}), ("a.2", 3)] == [
        (row["key"], row["value"]) for row in kv("ls", "--prefix", "a", "--json").data
    ]
    assert ["a.1", "a.2", "b"] == kv("ls", "-o", "name").lines
    assert [] == kv("ls", "--json", namespace="nowhere").data


def test_a_value_is_deleted(kv):
    kv("set", "key", "1")

    assert (0, "company.team/key is deleted\n") == ((outcome := kv("rm", "key")).status, outcome.err)
    assert (3, True) == ((outcome := kv("rm", "key")).status, "Nothing is kept under the key key" in outcome.err)
    assert 3 == kv("get", "key").status


@pytest.mark.parametrize("key", ["", "a b", "../x", "-x", "a" * 257, "é"])
def test_a_key_that_flows_could_not_use_is_refused(kv, key):
    assert 2 == kv("set", "--", key, "1").status


@pytest.mark.parametrize("namespace", ["", "Company", "a/b", "é", "a" * 151])
def test_a_namespace_that_is_none_is_refused(kv, namespace):
    assert 2 == kv("ls", namespace=namespace).status


def test_what_a_value_says_to_a_terminal_is_taken_out(kv):
    kv("set", "key", "\x1b[2J\x1b]0;x\x07bad")

    assert "\x1b" not in kv("get", "key").out + kv("ls").out + kv("ls", "-o", "table").out


def test_the_namespace_must_be_said(runwright):
    assert (2, True) == ((outcome := runwright("kv", "ls")).status, "--namespace" in outcome.err)
