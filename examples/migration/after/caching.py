"""Caching and targets in Runwright's own names: results are stored without being asked to."""

import tempfile
from datetime import timedelta
from pathlib import Path

from runwright import Flow, Parameter, task
from runwright.cache_validators import all_inputs
from runwright.results import JSONSerializer, LocalResult

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
    for given in (3, 3, 4):
        state = flow.run(x=given)
        kinds = [type(state.result[each]).__name__ for each in (squared, added)]
        print("result:", given, state.result[added].result, kinds)
    print("result:", calls, sorted(path.name for path in Path(directory).rglob("*.json")))
