"""Pickles: what another process can import travels by name, all else by value."""

from __future__ import annotations

import importlib.util
import pickle
import subprocess
import sys
import types

import pytest

from runwright.context import context
from runwright.executors import pickles
from runwright.executors.pickles import dumps, is_flow_file, is_importable, loads, look_at

CODE = """
from runwright import Flow, task

class Parcel:
    weight = 3

def weigh(parcel):
    return parcel.weight

{flow}
"""


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.setattr(pickles, "_looked_at", {"__main__"})
    monkeypatch.setattr(pickles, "_marks", [b"__main__"])


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Load a file by its path, as a program does that is given a flow file."""

    def load(name, flow="", *, is_on_path=False):
        file = tmp_path / f"{name}.py"
        file.write_text(CODE.format(flow=flow))
        if is_on_path:
            monkeypatch.syspath_prepend(tmp_path)
        spec = importlib.util.spec_from_file_location(name, file)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    return load


def read_elsewhere(data):
    """Read a pickle in a process with the same module path and return what it prints of it."""
    program = (
        f"import sys, pickle; sys.path[:] = {sys.path!r}; "
        "value = pickle.loads(sys.stdin.buffer.read()); print(type(value).__name__, value.weight)"
    )
    return subprocess.run([sys.executable, "-c", program], input=data, capture_output=True, check=True).stdout


@pytest.mark.usefixtures("registry")
def test_what_is_loaded_by_path_travels_by_value(load):
    module = load("parcels_by_path")
    look_at([module.weigh])

    assert b"Parcel 3\n" == read_elsewhere(dumps(module.Parcel()))


@pytest.mark.usefixtures("registry")
def test_a_flow_file_travels_by_value_even_where_it_could_be_imported(load):
    module = load("parcels_flow", "with Flow('parcels') as flow: pass", is_on_path=True)
    assert is_importable(module)
    look_at([module.weigh])

    assert b"parcels_flow\x8c" not in pickle.dumps(1) + dumps(module.Parcel())[:20]
    assert type(module.Parcel()) is type(loads(dumps(module.Parcel())))
    assert [b"__main__", b"parcels_flow"] == pickles._marks


@pytest.mark.usefixtures("registry")
def test_what_can_be_imported_travels_by_name(load):
    module = load("parcels_on_path", is_on_path=True)
    look_at([module.weigh, dumps, subprocess.run, len, None, 7])

    assert [b"__main__"] == pickles._marks
    assert pickle.dumps(module.Parcel(), pickle.HIGHEST_PROTOCOL) == dumps(module.Parcel())


def test_lambdas_and_local_classes_travel_by_value():
    assert 42 == loads(dumps(lambda x: x * 6))(7)


def test_a_function_takes_the_context_along_by_name():
    read = loads(dumps(lambda: (context, context.get("task_name"))))
    with context(task_name="there"):
        held, name = read()

    assert context is held
    assert "there" == name


def test_the_context_alone_is_refused_by_pickle_as_ever():
    with pytest.raises(TypeError, match="read the values you need"):
        pickle.dumps(context)


@pytest.mark.parametrize("module", ["sys", "zipimport", "os.path", "xml.dom", "runwright.states", "_thread"])
def test_modules_of_the_path_can_be_imported(module):
    assert is_importable(importlib.import_module(module))


def test_modules_made_by_hand_cannot_be_imported():
    assert not is_importable(types.ModuleType("made_by_hand"))


def test_a_module_whose_name_is_another_one_on_the_path_cannot_be_imported(load):
    assert not is_importable(load("this"))


def test_a_module_of_a_package_that_cannot_be_imported_cannot_be_imported(monkeypatch, tmp_path):
    package = types.ModuleType("loaded_by_path")
    package.__path__ = [str(tmp_path)]
    file = tmp_path / "inner.py"
    file.touch()
    module = types.ModuleType("loaded_by_path.inner")
    module.__file__ = str(file)
    monkeypatch.setitem(sys.modules, "loaded_by_path", package)

    assert not is_importable(module)


def test_a_module_of_a_package_is_no_flow_file():
    module = types.ModuleType("package.flows")
    vars(module)["flow"] = importlib.import_module("runwright").Flow("flow")

    assert not is_flow_file(module)
