"""Files and functions stay small enough to be read in one go."""

from __future__ import annotations

import ast

LONGEST_FILE = 500
LONGEST_FUNCTION = 49
LONGEST_ARCHITECTURE = 150


def test_every_file_can_be_read_in_one_go(tree):
    too_long = {
        tree.name_of(file): lines
        for file in tree.python_files("src", "bench", "tests")
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }

    assert {} == too_long


def test_the_architecture_can_be_read_in_one_go(tree):
    assert len((tree.root / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) <= LONGEST_ARCHITECTURE


def test_every_function_can_be_read_in_one_go(tree):
    too_long = {
        f"{tree.name_of(file)}:{function.lineno} {function.name}": lines
        for file in tree.python_files("src", "bench")
        for function in functions_of(file.read_text(encoding="utf-8"))
        if (lines := length_of(function)) > LONGEST_FUNCTION
    }

    assert {} == too_long


def test_the_docstring_of_a_function_costs_nothing():
    bare, documented = functions_of(
        "def bare():\n    return 1\n"
        'async def documented():\n    """Return two.\n\n    In three lines.\n    """\n    return 2\n'
    )

    assert (2, 2) == (length_of(bare), length_of(documented))


def functions_of(source):
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length_of(function):
    """Return the lines from `def` to the end, those of the docstring left out."""
    lines = function.end_lineno - function.lineno + 1
    if ast.get_docstring(function) is None:
        return lines
    docstring = function.body[0]
    return lines - (docstring.end_lineno - docstring.lineno + 1)
