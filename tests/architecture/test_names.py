"""Names say what a thing is: no drawer for leftovers, one word per concept."""

from __future__ import annotations

import ast
import re

import pytest

DRAWERS = {"base", "bases", "common", "helper", "helpers", "misc", "model", "models", "shared", "util", "utils"}

# What others call it, and what it is called here. `compat` alone may speak the words of others.
ONE_WORD = {
    "datastore": "store",
    "helper": "what it does",
    "impl": "what it does",
    "job": "flow run or task run",
    "jobs": "flow runs or task runs",
    "repository": "store",
    "storage": "store (of events) or result (of values)",
    "util": "what it does",
    "utils": "what it does",
    "workflow": "flow",
    "workflows": "flows",
}


def test_no_module_is_a_drawer_for_leftovers(tree):
    drawers = [
        tree.name_of(file)
        for file in tree.python_files("src", "bench", "tests")
        if DRAWERS & set(file.relative_to(tree.root).with_suffix("").parts)
    ]

    assert [] == drawers


def test_every_concept_has_one_word(tree):
    misnamed = [
        f"{tree.name_of(file)}:{node.lineno} {node.name}: say {ONE_WORD[word]}"
        for file in tree.python_files("src")
        if tree.home_of(file) != "compat"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        for word in words_of(node.name)
        if word in ONE_WORD
    ]

    assert [] == misnamed


@pytest.mark.parametrize(
    ("expected", "name"),
    [
        (["flow", "runner"], "FlowRunner"),
        (["load", "storage"], "_load_storage"),
        (["triggerfail"], "TRIGGERFAIL"),
        (["sqlite", "job", "2"], "SqliteJob2"),
    ],
)
def test_a_name_is_read_word_by_word(expected, name):
    assert expected == words_of(name)


def words_of(name):
    """Return the words of a name in any case style, in lower case."""
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+", name)]
