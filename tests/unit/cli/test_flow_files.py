"""A flow is found in the file that declares it, and whatever is wrong with the file is said in one line."""

from __future__ import annotations

import os
import pickle
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from runwright.errors import FlowFileError
from runwright.flow_files import load_flow

ONE = "from runwright.flow import Flow\nfrom runwright.task import Task\n\nflow = Flow('one')\n"
TWO = "from runwright.flow import Flow\n\nmorning = Flow('wake-up')\nevening = Flow('lie-down')\n"


@pytest.fixture(autouse=True)
def _modules_are_put_back(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.fixture
def write(tmp_path):
    def write(text, name="some_flow.py"):
        (tmp_path / name).write_text(text)
        return str(tmp_path / name)

    return write


def refusal(target):
    with pytest.raises(FlowFileError) as refused:
        load_flow(target)
    return str(refused.value)


def test_a_file_with_one_flow_needs_no_name(write):
    assert "one" == load_flow(write(ONE)).name


def test_a_flow_is_named_by_its_variable_or_by_its_own_name(write):
    path = write(TWO)

    assert "lie-down" == load_flow(f"{path}:evening").name
    assert "lie-down" == load_flow(f"{path}:lie-down").name


def test_a_flow_with_two_variables_is_one_flow_by_either(write):
    path = write(ONE + "other = flow\n")

    assert load_flow(path) is load_flow(f"{path}:other")


def test_of_two_flows_one_must_be_chosen(write):
    path = write(TWO)

    assert (
        f"{path} declares 2 flows: morning (wake-up), evening (lie-down). Choose one by its variable: {path}:morning"
        == refusal(path)
    )


def test_an_imported_flow_does_not_compete_with_the_files_own(write):
    write(ONE, "library_of_flows.py")
    path = write("from library_of_flows import flow as theirs\nfrom runwright.flow import Flow\nmine = Flow('mine')\n")

    assert "mine" == load_flow(path).name
    assert "one" == load_flow(f"{path}:theirs").name


def test_a_wrong_name_is_answered_with_the_right_ones(write):
    assert "declares no flow 'mornin'. Did you mean 'morning'? Its flows: morning (wake-up)" in refusal(
        f"{write(TWO)}:mornin"
    )


def test_a_file_without_a_flow_says_what_to_write(write):
    assert "declares no flow at module level" in refusal(write("x = 1\n"))


def test_a_file_that_is_not_there_and_a_directory_are_told_apart(tmp_path):
    assert "does not exist" in refusal(f"{tmp_path}/nowhere.py")
    assert "is a directory" in refusal(str(tmp_path))


def test_a_file_of_another_language_is_refused(write):
    assert "its name must end in .py" in refusal(write("tasks: []", "flow.toml"))


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("x = 1\ny = x + z\n", "does not load: NameError: name 'z' is not defined (line 2)"),
        ("def f(:\n", "does not load: SyntaxError: invalid syntax (line 1)"),
        ("raise ValueError('one\\ntwo')\n", "does not load: ValueError: one (line 1)"),
        ("import no_such_package_here\n", "does not load: ModuleNotFoundError: No module named 'no_such_package_here'"),
        ("import sys\nsys.exit(3)\n", "ends the program while it is loaded (sys.exit(3))"),
    ],
)
def test_a_file_that_does_not_load_is_told_in_one_line(write, code, told):
    path = write(code, "broken_flow.py")

    assert told in refusal(path)
    assert "\n" not in refusal(path)
    assert "broken_flow" not in sys.modules


def test_running_the_flow_in_the_file_runs_nothing_while_it_is_loaded(write):
    path = write(f"{ONE}ran = flow.run()\n")

    load_flow(path)

    assert sys.modules["some_flow"].ran is None


def test_the_files_neighbours_can_be_imported(write):
    write("NAME = 'from-next-door'\n", "next_door.py")
    path = write("import next_door\nfrom runwright.flow import Flow\nflow = Flow(next_door.NAME)\n")

    assert "from-next-door" == load_flow(path).name


def test_what_the_file_defines_can_be_pickled(write):
    load_flow(write(ONE + "class Point:\n    pass\n"))
    point = sys.modules["some_flow"].Point()

    assert type(point) is type(pickle.loads(pickle.dumps(point)))


def test_a_file_named_like_another_module_leaves_that_alone(write):
    assert "one" == load_flow(write(ONE, "json.py")).name

    assert hasattr(sys.modules["json"], "dumps")


def test_a_file_is_loaded_again_only_when_it_has_changed(write):
    path = write(ONE)
    first = load_flow(path)
    assert load_flow(path) is first

    write(ONE.replace("one", "changed"))
    os.utime(path, ns=(1, 1))

    assert "changed" == load_flow(path).name


def test_who_asks_for_a_file_that_another_thread_loads_waits_for_it(write, monkeypatch):
    ready = threading.Semaphore(0)
    monkeypatch.setattr(sys, "others", [ready] * 7, raising=False)
    path = write(
        "import os\nimport sys\n\nfor ready in sys.others:\n    ready.acquire(timeout=10)\n"
        "for _ in range(1000):\n    os.sched_yield()  # the others look for the flow\n" + ONE
    )

    def load(_):
        ready.release()
        return load_flow(path)

    with ThreadPoolExecutor(8) as pool:
        flows = list(pool.map(load, range(8)))

    assert [flows[0]] * 8 == flows


def test_a_colon_may_be_part_of_the_files_name(write):
    assert "one" == load_flow(write(ONE, "a:b.py")).name


def test_a_yaml_flow_is_pointed_to_what_can_be_done_with_it(write):
    path = write("id: a\n", "flow.yaml")

    assert f"{path} is a YAML flow: `runwright run {path}` runs it, `runwright.executions` in Python." == refusal(path)


def test_a_file_that_needs_the_state_of_its_run_is_told_where_to_put_it(write):
    told = refusal(write(ONE + "assert flow.run().is_successful()\n"))

    assert "AttributeError: 'NoneType' object has no attribute 'is_successful' (line 5). " in told
    assert "put it, and what needs its state, under `if __name__ == '__main__':`." in told
