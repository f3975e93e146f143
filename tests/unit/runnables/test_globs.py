"""Globs: which paths patterns mean."""

from __future__ import annotations

import pytest

from runwright.errors import RunnableFailed
from runwright.runnables.globs import Globs


@pytest.mark.parametrize(
    ("pattern", "fitting", "others"),
    [
        ("a.txt", ["a.txt", "/a.txt"], ["b/a.txt", "a.txt.gz", "A.txt"]),
        ("*.txt", ["a.txt", ".txt", ".a.txt"], ["b/a.txt", "a.csv"]),
        ("/out/*", ["out/a", "out/.b"], ["out", "out/a/b", "about/a"]),
        ("out/", ["out/a", "out/a/b"], ["out", "a"]),
        ("out/**", ["out/a", "out/a/b"], ["out", "a"]),
        ("**/*.csv", ["a.csv", "b/a.csv", "c/b/a.csv"], ["a.txt"]),
        ("**", ["a", "b/a"], []),
        ("a/**/b/**/c", ["a/b/c", "a/x/y/b/z/c"], ["a/c", "b/c", "a/b/c/d"]),
        ("**/**/a", ["a", "b/a"], ["a/b"]),
        ("data-?.{csv,json}", ["data-1.csv", "data-2.json"], ["data-10.csv", "data-1.xml"]),
        ("{a,b/{c,d}}/*", ["a/x", "b/c/x", "b/d/x"], ["b/x"]),
        ("[ab]?[!0-9]", ["axx", "b1x"], ["cxx", "ax1"]),
        ("./a", ["a"], ["b"]),
        ("**.csv", ["a.csv", "b/a.csv", "c/b/a.csv"], ["a.txt", "a.csv/b"]),
        ("out/**.csv", ["out/a.csv", "out/b/a.csv"], ["a.csv"]),
        ("a**", ["a", "ab", "ab/c", "a/b/c"], ["b/a"]),
        ("a**/c", ["a/c", "ab/c", "a/b/c"], ["c", "b/a/c"]),
        ("**{.csv,.json}", ["a.csv", "b/a.json"], ["a.txt"]),
    ],
)
def test_a_pattern_means_paths(pattern, fitting, others):
    globs = Globs([pattern])
    assert fitting == [path for path in (*fitting, *others) if globs.fit(path)]


def test_there_may_be_several_or_none():
    assert Globs(["a", "b"]).fit("b")
    assert not Globs([])
    assert not Globs([]).fit("a")


def test_a_pattern_that_invites_trouble_ends():
    assert not Globs(["/".join(["**"] * 500) + "/" + "*a" * 500]).fit("/".join(["a" * 100] * 100) + "b")
    with pytest.raises(RunnableFailed, match="stands for more than 1000 others"):
        Globs(["{a,b}" * 20])
