from __future__ import annotations

import pytest

from runwright.hosting.globs import matches


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a.txt", "*.txt", True),
        ("x/a.txt", "*.txt", True),
        ("x/a.txt", "/*.txt", True),
        ("x/a.txt", "x/*", True),
        ("x/y/a.txt", "x/*", False),
        ("x/y/a.txt", "x/**", True),
        ("x", "x/**", False),
        ("x/y/a.txt", "x/**.txt", True),
        ("x/a.txt", "**.txt", True),
        ("a.txt", "**", True),
        ("x/y/a.txt", "**/y/**", True),
        ("x/y", "**/y/**", False),
        ("abcabd", "*ab?", True),
        ("abab", "a*b*a*b", True),
        ("aba", "a*b*a*b", False),
        ("aXbXc", "a?b?c", True),
        ("", "*", True),
        ("a", "", False),
        ("x/a.txt", "x/**/a.txt", True),
        ("x/y/z/a.txt", "x/**/a.txt", True),
        ("a+b(1).txt", "a+b(1).txt", True),
        ("aab.txt", "a+b.txt", False),
        ("[1].txt", "[1].txt", True),
        ("line\nend.txt", "*.txt", True),
    ],
)
def test_patterns(path, pattern, expected):
    assert expected == matches(path, [pattern])


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("a" * 255, "*a" * 60 + "b"),
        ("a" * 255, "?*" * 60 + "b"),
        ("a/" * 500 + "a", "**/a/" * 60 + "b"),
        ("a/" * 500 + "a", "**/*/" * 60 + "b"),
        ("a" * 255, "**/" * 100 + "*" * 100 + "b"),
    ],
)
def test_a_hostile_pattern_ends(path, pattern):
    assert not matches(path, [pattern])
