"""The import contracts of pyproject.toml hold: imports point down only."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib

import pytest

LINTER = (
    "import sys; sys.path[:0] = {path!r}; from importlinter.cli import lint_imports; sys.exit(lint_imports({options}))"
)


def test_imports_point_down_only(tree):
    verdict = check(tree)

    assert 0 == verdict.returncode, f"{verdict.stdout}\n{verdict.stderr}"


@pytest.mark.parametrize(
    ("expected", "contract", "file", "line"),
    [
        ("runwright.errors -> runwright.engine.machine", "layers", "errors.py", "import runwright.engine.machine"),
        ("- runwright.brand_new", "layers", "brand_new.py", ""),
        ("runwright.engine.machine -> threading", "engine-is-pure", "engine/machine.py", "import threading"),
        ("runwright.engine.cells -> runwright.store", "layers", "engine/cells.py", "import runwright.store"),
        ("runwright.views -> runwright.engine", "engine-has-few-friends", "views.py", "import runwright.engine"),
    ],
    ids=["upwards", "without a layer", "impure", "too curious", "too familiar"],
)  # fmt: skip
def test_a_violation_would_be_seen(tree, tmp_path, expected, contract, file, line):
    copy_of_package(tree, tmp_path)
    insert_import(tmp_path / "src" / "runwright" / file, line)

    verdict = check(tree, tmp_path, contract)

    assert 1 == verdict.returncode, verdict.stdout
    assert expected in verdict.stdout


def test_every_contract_has_a_name_to_be_called_by(tree):
    contracts = tomllib.loads((tree.root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

    assert [] == [contract["name"] for contract in contracts if not contract.get("id")]


def copy_of_package(tree, target):
    """Copy sources and configuration; the files are small, and the checkout must stay as it is."""
    shutil.copytree(tree.package, target / "src" / "runwright", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(tree.root / "pyproject.toml", target)


def insert_import(file, line):
    """Add an import where a module may have one; a missing module is made."""
    future = "from __future__ import annotations\n"
    before = file.read_text(encoding="utf-8") if file.exists() else future
    file.write_text(before.replace(future, f"{future}{line}\n"), encoding="utf-8")


def check(tree, root=None, contract=None):
    """Run the linter on a checkout in a process of its own: it keeps the module path it saw first."""
    root = root or tree.root
    options = "no_cache=True, no_logo=True" + (f", limit_to_contracts=({contract!r},)" if contract else "")
    program = LINTER.format(path=[str(root / "src")], options=options)
    return subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=False)
