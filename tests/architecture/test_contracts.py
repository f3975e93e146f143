"""The import contracts of pyproject.toml hold: imports point down only."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib

import pytest

LINTER = """
import sys
sys.path[:0] = {path!r}
from importlinter.cli import lint_imports
sys.exit(lint_imports(no_cache=True, no_logo=True))
"""


def test_imports_point_down_only(tree):
    verdict = check(tree.root)

    assert 0 == verdict.returncode, f"{verdict.stdout}\n{verdict.stderr}"


@pytest.mark.parametrize(
    "expected",
    [
        pytest.param("runwright.errors -> runwright.engine.machine", id="upwards"),
        pytest.param("- runwright.brand_new", id="without a layer"),
        pytest.param("runwright.engine.machine -> threading", id="impure"),
        pytest.param("runwright.engine.cells -> runwright.store", id="too curious"),
        pytest.param("runwright.views -> runwright.engine", id="too familiar"),
    ],
)
def test_a_violation_would_be_seen(verdict_on_violations, expected):
    assert expected in verdict_on_violations


def test_every_contract_has_a_name_to_be_called_by(tree):
    contracts = tomllib.loads((tree.root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

    assert [] == [contract["name"] for contract in contracts if not contract.get("id")]


@pytest.fixture(scope="module")
def verdict_on_violations(tree, tmp_path_factory):
    """Return what the linter says of a copy of the package that breaks the contracts in every way at once."""
    copy = tmp_path_factory.mktemp("broken")
    package = copy / "src" / "runwright"
    shutil.copytree(tree.package, package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(tree.root / "pyproject.toml", copy)
    insert_import(package / "brand_new.py", "")
    insert_import(package / "errors.py", "import runwright.engine.machine")
    insert_import(package / "engine" / "machine.py", "import threading")
    insert_import(package / "engine" / "cells.py", "import runwright.store")
    insert_import(package / "views.py", "import runwright.engine")
    return check(copy).stdout


def insert_import(file, line):
    """Add an import where a module may have one; a missing module is made."""
    future = "from __future__ import annotations\n"
    before = file.read_text(encoding="utf-8") if file.exists() else future
    file.write_text(before.replace(future, f"{future}{line}\n"), encoding="utf-8")


def check(root):
    """Run the linter on a checkout, in a process of its own: it keeps the module path that it saw first."""
    program = LINTER.format(path=[str(root / "src")])
    return subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)
