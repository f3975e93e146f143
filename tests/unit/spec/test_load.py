"""Load: text to nodes with their places, and hostile texts that must cost nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from runwright.spec.findings import Findings
from runwright.spec.load import DEEPEST, MOST_ALIASES, MOST_BYTES, MOST_NODES, load
from runwright.spec.nodes import plain_data


def loaded(text):
    """Return the data of a text and the codes of its problems."""
    findings = Findings("flow.yaml")
    node = load(text, findings)
    return None if node is None else plain_data(node), [problem.code for problem in findings.problems]


def test_nodes_know_where_they_stand():
    node: Any = load("a: 1\nb:\n  - c: {d: text}\n", Findings("flow.yaml"))

    inner = node.entries["b"].items[0].entries["c"]
    assert (3, 8) == (inner.line, inner.column)
    assert (3, 12) == (inner.entries["d"].line, inner.entries["d"].column)
    assert (3, 9) == (inner.keys["d"].line, inner.keys["d"].column)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ({"a": 1, "b": "1", "c": None}, "a: 1\nb: '1'\nc:"),
        ({"a": 1}, "\ufeffa: 1"),
        ({"a": 1}, "a: 1\r\n".encode("utf-16")),
        ({"a": 1}, b"\xef\xbb\xbfa: 1"),
        ({"a": "5", "b": 5, "c": [1]}, "a: !!str 5\nb: !!int '5'\nc: !!seq [1]"),
        ({"a": "x\u2028y"}, 'a: "x\u2028y"'),
        ({"a": [1], "b": [1]}, "a: &x [1]\nb: *x"),
        ({"a": {"x": 1, "y": 2}, "b": {"y": 3, "x": 1}}, "a: &x {x: 1, y: 2}\nb: {<<: *x, y: 3}"),
        ({"a": {"x": 1}, "b": {"y": 2}, "c": {"x": 1, "y": 2}}, "a: &x {x: 1}\nb: &y {y: 2}\nc: {<<: [*x, *y]}"),
        ({"<<": "quoted"}, "'<<': quoted"),
    ],
)
def test_what_is_sound_is_read(expected, text):
    assert (expected, []) == loaded(text)


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGES = "m0: &m0 {k: 1}\n" + "".join(f"m{i}: &m{i} {{<<: *m{i - 1}, k{i}: 1}}\n" for i in range(1, 1000))

HOSTILE = {
    "billion laughs": ("yaml_alias_budget", LAUGHS),
    "an alias inside of itself": ("yaml_cycle", "&a [*a]"),
    "an alias of nothing": ("yaml_alias", "a: *b"),
    "a chain of merges": ("yaml_alias_budget", MERGES),
    "a Python object": ("yaml_tag", 'a: !!python/object/apply:os.system ["id"]'),
    "a Python name": ("yaml_tag", "a: !!python/name:os.system"),
    "binary data": ("yaml_tag", "a: !!binary aGVsbG8="),
    "an unknown tag": ("yaml_tag", "a: !secret b"),
    "a key that is there twice": ("duplicate_key", "a: 1\nb: {c: 1, c: 2}"),
    "a list as a key": ("wrong_type", "? [a, b]\n: 1"),
    "a merge of a text": ("wrong_type", "a: {<<: b}"),
    "NUL": ("yaml_syntax", "a: \0"),
    "a tab for indentation": ("yaml_syntax", "a:\n\tb: 1"),
    "no UTF-8": ("yaml_encoding", b"a: \xe9"),
    "half a character": ("yaml_encoding", "a: \ud800"),
    "half a character, escaped": ("yaml_syntax", 'a: "\\ud800"'),
    "several documents": ("yaml_documents", "a: 1\n---\na: 2"),
    "another YAML": ("yaml_syntax", "%YAML 9.9\n---\na: 1"),
    "nothing": ("yaml_empty", "# nothing"),
    "a deep list": ("yaml_depth", "[" * 60 + "]" * 60),
    "a very deep list": ("yaml_depth", "[" * 900),
    "an abyss": ("yaml_syntax", "[" * 100_000),
    "too many bytes": ("yaml_size", "a: " + "x" * MOST_BYTES),
    "too many values": ("yaml_nodes", "[" + "1," * MOST_NODES + "]"),
    "too many aliases": ("yaml_alias_budget", "[&a 1" + ", *a" * (MOST_ALIASES + 1) + "]"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_refused(name):
    code, text = HOSTILE[name]

    assert code in loaded(text)[1]


@pytest.mark.parametrize(
    "text",
    [
        "[" + "1," * (MOST_NODES - 1) + "]",
        "[&a 1" + ", *a" * MOST_ALIASES + "]",
        "[" * DEEPEST + "]" * DEEPEST,
        "a: " + "x" * (MOST_BYTES - 3),
    ],
    ids=["values", "aliases", "depth", "bytes"],
)
def test_what_reaches_a_limit_is_allowed(text):
    assert [] == loaded(text)[1]


def test_a_duplicate_key_names_both_lines():
    findings = Findings("flow.yaml")
    load("a: 1\nb:\n  c: 1\n  d: 1\n  c: 2\n", findings)

    (problem,) = findings.problems
    assert ("flow.yaml", 5, 3, "b.c") == problem[:4]
    assert problem.message.startswith("Duplicate key 'c': the first is on line 3.")


@given(st.one_of(st.text(), st.binary(), st.text(alphabet="ab:- \n[]{}&*!<>|'\"#?,%@\t1.")))
def test_any_text_is_read_or_refused(text):
    findings = Findings("flow.yaml")
    node = load(text, findings)

    assert node is not None or findings.has_errors
