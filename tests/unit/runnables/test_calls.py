"""The task that calls a Python function."""

from __future__ import annotations

import pytest

from runwright.errors import RunnableFailed


def test_a_function_is_called(run):
    keys = "type: python.Call\ncallable: math:hypot\nargs: ['{{ a }}', 4]"
    assert {"value": 5.0} == run(keys, a=3).outputs
    keys = "type: python.Call\ncallable: json:dumps\nargs: ['{{ m }}']\nkwargs: {indent: '{{ n }}'}"
    assert {"value": '{\n "a": 1\n}'} == run(keys, m={"a": 1}, n=1).outputs
    assert {"value": "a/b"} == run("type: python.Call\ncallable: os:path.join\nargs: [a, b]").outputs


def test_a_coroutine_is_waited_for(run):
    keys = "type: python.Call\ncallable: asyncio:sleep\nargs: [0, done]"
    assert {"value": "done"} == run(keys).outputs


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("no_such_module:f", "There is no module 'no_such_module' to call"),
        ("os.no_such:f", r"There is no module 'os\.no_such'"),
        ("math:hypott", r"The module math has no 'hypott' to call\. Did you mean 'hypot'\?"),
        ("math:pi", "math:pi is no function: it is a float"),
    ],
)
def test_a_function_that_is_not_there_is_told(run, place, message):
    with pytest.raises(RunnableFailed, match=message):
        run(f"type: python.Call\ncallable: {place}")


def test_what_a_function_raises_is_raised(run):
    with pytest.raises(ValueError, match="math domain error"):
        run("type: python.Call\ncallable: math:sqrt\nargs: [-1]")


def test_a_module_that_lacks_another_is_no_missing_module(run, tmp_path, monkeypatch):
    (tmp_path / "lacking_module.py").write_text("import no_such_module_2")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_module_2"):
        run("type: python.Call\ncallable: lacking_module:f")
