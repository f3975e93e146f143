"""Conditional branches and a resource, as they were written for Prefect 1."""

from prefect import Flow, Parameter, case, resource_manager, task
from prefect.engine import signals
from prefect.tasks.control_flow import ifelse, merge
from prefect.triggers import always_run


@resource_manager
class Workspace:
    def __init__(self, name):
        self.name = name

    def setup(self):
        return {"name": self.name, "files": []}

    def cleanup(self, workspace):
        print("result: cleaned up", workspace["name"])


@task
def is_large(size):
    return size > 100


@task
def split(workspace, size):
    return f"{workspace['name']}: split {size}"


@task
def copy(workspace, size):
    if size < 0:
        raise signals.SKIP("nothing to copy")
    return f"{workspace['name']}: copied {size}"


@task(trigger=always_run, skip_on_upstream_skip=False)
def report(outcome):
    return outcome or "nothing was done"


@task
def celebrate():
    return "hooray"


with Flow("branches") as flow:
    size = Parameter("size")
    large = is_large(size)
    with Workspace("tmp") as workspace:
        with case(large, True):
            was_split = split(workspace, size)
        with case(large, False):
            was_copied = copy(workspace, size)
        outcome = merge(was_split, was_copied)
        reported = report(outcome)
    party = celebrate()
    ifelse(large, party, None)

if __name__ == "__main__":
    for given in (500, 5, -1):
        state = flow.run(size=given)
        print("result:", given, state.result[reported].result, type(state.result[party]).__name__)
