"""A scheduled flow, as it was written for Prefect 1: each clock brings its own parameters."""

from datetime import datetime, timedelta, timezone

import prefect
from prefect import Flow, Parameter, task
from prefect.schedules import Schedule
from prefect.schedules.clocks import DatesClock

soon = datetime.now(timezone.utc) + timedelta(seconds=3)


@task
def greet(name):
    started = prefect.context.scheduled_start_time
    print("result: hello", name, started.isoformat() in {moment.isoformat() for moment in moments})


moments = [soon, soon + timedelta(seconds=1)]
schedule = Schedule(
    clocks=[
        DatesClock([moments[0]], parameter_defaults={"name": "first"}),
        DatesClock([moments[1]], parameter_defaults={"name": "second"}),
    ]
)

with Flow("scheduled", schedule=schedule) as flow:
    greet(Parameter("name", default="nobody"))

if __name__ == "__main__":
    flow.run()
    print("result: no more times")
