"""Caching and targets, as they were written for Prefect 1."""

import tempfile
from datetime import timedelta
from pathlib import Path

import prefect
from prefect import Flow, Parameter, task
from prefect.engine.cache_validators import all_inputs
from prefect.engine.results import LocalResult
from prefect.engine.serializers import JSONSerializer
from prefect.utilities.configuration import set_temporary_config

directory = tempfile.mkdtemp()
calls = []


@task(cache_for=timedelta(hours=1), cache_validator=all_inputs)
def square(x):
    calls.append(f"square {x}")
    return x * x


@task(target="{flow_name}/sum-{x}.json", result=LocalResult(dir=directory, serializer=JSONSerializer()))
def add(x, y):
    calls.append(f"add {x} {y}")
    return x + y


with Flow("caching") as flow:
    x = Parameter("x")
    squared = square(x)
    added = add(x, squared)

if __name__ == "__main__":
    with set_temporary_config({"flows.checkpointing": True}):
        for given in (3, 3, 4):
            state = flow.run(x=given)
            kinds = [type(state.result[each]).__name__ for each in (squared, added)]
            print("result:", given, state.result[added].result, kinds)
    print("result:", calls, sorted(path.name for path in Path(directory).rglob("*.json")))
    assert prefect.config.flows.checkpointing is False
