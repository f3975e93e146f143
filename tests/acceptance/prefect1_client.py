"""What the client of Prefect 1 does against a server: run by the Python that has it, prints one JSON object.

It registers a flow with a mapped task that fails once, creates a run of it, lets its own local agent and runner run it, and reads
it with its own views.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta

import prefect  # pyright: ignore[reportMissingImports]  installed elsewhere
from prefect import Flow, Parameter, task  # pyright: ignore[reportMissingImports]  as above
from prefect.agent.local import LocalAgent  # pyright: ignore[reportMissingImports]  as above
from prefect.backend import FlowRunView, FlowView  # pyright: ignore[reportMissingImports]  as above
from prefect.engine.results import LocalResult  # pyright: ignore[reportMissingImports]  as above
from prefect.run_configs import LocalRun  # pyright: ignore[reportMissingImports]  as above
from prefect.storage import Local  # pyright: ignore[reportMissingImports]  as above


@task
def numbers(count):
    return list(range(count))


@task(max_retries=1, retry_delay=timedelta(seconds=0.1))
def double(number):
    if number == 1 and prefect.context["task_run_count"] == 1:
        raise ValueError("once")
    prefect.context["logger"].info("double %s", number)
    return number * 2


@task
def total(values):
    return sum(values)


class PatientAgent(LocalAgent):
    """Waits for the runs that it started before it ends."""

    def on_shutdown(self):
        for process in list(self.processes):
            process.wait()


def run(folder):
    client = prefect.Client()
    with Flow(
        "doubling",
        result=LocalResult(dir=f"{folder}/results"),
        storage=Local(directory=f"{folder}/flows", add_default_labels=False),
        run_config=LocalRun(labels=["here"]),
    ) as flow:
        total(double.map(numbers(Parameter("count", default=3))))
    client.create_project("Ours")
    flow_id = flow.register("Ours", labels=["here"])
    flow_run = client.create_flow_run(flow_id=flow_id, parameters={"count": 4}, idempotency_key="once")
    again = client.create_flow_run(flow_id=flow_id, parameters={"count": 4}, idempotency_key="once")
    PatientAgent(labels=["here"], hostname_label=False, max_polls=2).start()
    view = FlowRunView.from_flow_run_id(flow_run)
    doubled = view.get_task_run(task_slug="double-1")
    return {
        "same": flow_run == again,
        "flow": FlowView.from_flow_name("doubling").name,
        "state": type(view.state).__name__,
        "states": [type(state).__name__ for state in view.states],
        "total": view.get_task_run(task_slug="total-1").get_result(),
        "doubled": doubled.get_result(),
        "one": list(doubled.iter_mapped())[2].get_result(),
        "task_runs": len(view.get_all_task_runs()),
        "logs": sum("double" in log.message and "Task" not in log.message for log in view.get_logs()),
        "task_run": client.graphql('{ task_run_aggregate(where: {state: {_eq: "Success"}}) { aggregate { count } } }')[
            "data"
        ],
    }


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(run(sys.argv[1])) + "\n")
