"""A scheduled flow in Runwright's own names: each clock brings its own parameters."""

from datetime import datetime, timedelta, timezone

from runwright import Flow, Parameter, context, task
from runwright.schedules import Schedule
from runwright.schedules.clocks import DatesClock

soon = datetime.now(timezone.utc) + timedelta(seconds=3)


@task
def greet(name):
    started = context.scheduled_start_time
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
