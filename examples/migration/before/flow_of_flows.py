"""A flow of flows, as far as it needs no server, as it was written for Prefect 1."""

from prefect import Flow, Parameter, task
from prefect.engine.signals import signal_from_state


@task
def clean(name):
    if name == "broken":
        raise ValueError("cannot be cleaned")
    return name.strip().lower()


with Flow("clean one") as child:
    cleaned = clean(Parameter("name"))


@task
def run_child(name):
    state = child.run(name=name)
    if not state.is_successful():
        raise signal_from_state(state)(f"the run for {name!r} ended as {type(state).__name__}")
    return state.result[cleaned].result


@task(skip_on_upstream_skip=False, trigger=lambda states: True)
def summarise(names):
    return [name if isinstance(name, str) else type(name).__name__ for name in names]


with Flow("clean all") as parent:
    each = run_child.map([" Ada", "broken", "GRACE "])
    summary = summarise(each)

parent.set_reference_tasks([summary])

if __name__ == "__main__":
    state = parent.run()
    print("result:", type(state).__name__, state.result[summary].result)
    print("result:", [child_state.message for child_state in state.result[each].map_states])
