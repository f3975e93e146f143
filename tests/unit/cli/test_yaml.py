"""YAML output is data: what looks like something else is quoted."""

from __future__ import annotations

import pytest

from runwright.cli.yaml import lines_of


def test_maps_and_lists_are_blocks():
    value = {"id": "01a1", "tags": ["a", "b c"], "none": [], "task": {"slug": "fetch-1", "edges": [{"key": None}]}}

    assert [
        'id: "01a1"',
        "tags:",
        "  - a",
        "  - b c",
        "none: []",
        "task:",
        "  slug: fetch-1",
        "  edges:",
        "    - key: null",
    ] == list(lines_of(value))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yes",
        "No",
        "NULL",
        "1",
        "1e5",
        "2026-11-21",
        "a: b",
        "a #b",
        "- a",
        "a\nb",
        " a",
        "a ",
        "\u202ea",
        "[a]",
        "*a",
    ],
)
def test_what_is_not_plainly_a_word_is_quoted(text):
    (line,) = lines_of(text)

    assert line.startswith('"')
    assert line.endswith('"')


@pytest.mark.parametrize(("expected", "value"), [("1", 1), ("0.5", 0.5), ("true", True), ("null", None), ("{}", {})])
def test_what_is_no_text_is_as_in_json(expected, value):
    assert [expected] == list(lines_of(value))
