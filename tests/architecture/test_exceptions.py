"""Whoever makes an exception from a rule of the linter or the type checker names the rule and says why."""

from __future__ import annotations

import io
import re
import tokenize

import pytest

EXCEPTION = re.compile(r"# (?:noqa|type: ignore|pyright: ignore)\b")
RULES = r"(?:# noqa: [A-Z]+[0-9]+(?:, [A-Z]+[0-9]+)*|# (?:type|pyright): ignore\[[\w, -]+\])"
JUSTIFIED = re.compile(rf"{RULES}(?:  {RULES})*  [^\s#]")


def test_every_exception_names_its_rule_and_its_reason(tree):
    unexplained = [
        f"{tree.name_of(file)}:{line} {comment}"
        for file in tree.python_files("src", "bench", "tests")
        if EXCEPTION.search(source := file.read_text(encoding="utf-8"))
        for line, comment in comments_of(source)
        if EXCEPTION.search(comment) and not JUSTIFIED.search(comment)
    ]

    assert [] == unexplained


@pytest.mark.parametrize(
    ("expected", "comment"),
    [
        (True, "# noqa: S101  suites assert"),
        (True, "# noqa: S101, S102  suites assert"),
        (True, "# noqa: SLF001  # pyright: ignore[reportPrivateUsage]  the package reads it"),
        (False, "# noqa: S101"),
        (False, "# noqa"),
        (False, "# type: ignore  it is right"),
        (False, "# noqa: SLF001  # pyright: ignore[reportPrivateUsage]"),
    ],
)
def test_a_reason_follows_the_rule(expected, comment):
    assert expected is bool(JUSTIFIED.search(comment))


def comments_of(source: str) -> list[tuple[int, str]]:
    """Return the comments with their lines."""
    return [
        (token.start[0], token.string)
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    ]
