"""Neighbours: the other YAML files in the directory of a flow that runs others, and what is told of those that are no flows."""

import pytest

PARENT = "id: parent\nnamespace: company\ntasks:\n  - {id: s, type: flow.Subflow, namespace: company, flowId: CHILD}\n"
CHILD = "id: child\nnamespace: company\ntasks:\n  - {id: s, type: flow.Subflow, namespace: company, flowId: inner}\n"
INNER = "id: inner\nnamespace: company\ntasks:\n  - {id: a, type: log.Log, message: hello}\n"
BROKEN = "id: broken\nnamespace: company\ntsks: []\nother: 1\n"


@pytest.fixture
def told(runwright, tmp_path):
    """Give a function that runs the parent of a child and returns the exit status and what is told of neighbours."""

    def run(child="child", **files):
        for name, text in {"parent": PARENT.replace("CHILD", child), **files}.items():
            (tmp_path / f"{name}.yaml").write_text(text)
        outcome = runwright("run", f"{tmp_path}/parent.yaml")
        return outcome.status, [line for line in outcome.err.splitlines() if "left out" in line]

    return run


def test_what_is_no_business_of_the_flow_is_not_told(told):
    compose = "services:\n  web: {image: nginx}\n"
    assert (0, []) == told(child_file=CHILD, inner=INNER, broken=BROKEN, compose=compose)


@pytest.mark.parametrize("name", ["child", "inner"])
def test_a_flow_that_is_meant_and_invalid_is_told_in_one_line(told, tmp_path, name):
    files = {"child_file": CHILD, "inner": INNER, "broken": BROKEN.replace("broken", name)}
    del files["inner" if name == "inner" else "child_file"]
    status, (line,) = told(**files)
    assert 1 == status
    assert line.startswith(f"{tmp_path}/broken.yaml is left out: {tmp_path}/broken.yaml:")
    assert line.endswith(f" more: runwright validate {tmp_path}/broken.yaml")


def test_an_expression_may_mean_each_of_them(told):
    status, lines = told(
        "'{{ flow.namespace }}'", child_file=CHILD, inner=INNER, broken=BROKEN, compose="services: {}\n"
    )
    assert (1, 1) == (status, len(lines))
