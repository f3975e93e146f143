"""An ETL flow with mapping, as it was written for Prefect 1."""

from datetime import timedelta

import prefect
from prefect import Flow, Parameter, task, unmapped
from prefect.tasks.control_flow import FilterTask
from prefect.triggers import any_successful


@task(max_retries=2, retry_delay=timedelta(seconds=0), nout=2)
def extract(pages):
    orders = [{"id": number, "amount": 10 * number} for number in range(1, pages + 1)]
    return orders, {"currency": "EUR"}


@task
def transform(order, meta):
    if order["id"] == 3:
        raise ValueError("order 3 is damaged")
    prefect.context.get("logger").info("order %s", order["id"])
    return f"{order['amount']} {meta['currency']}"


@task(trigger=any_successful)
def load(lines):
    return ", ".join(lines)


only_results = FilterTask(filter_func=lambda line: not isinstance(line, BaseException))

with Flow("etl") as flow:
    orders, meta = extract(Parameter("pages", default=4))
    lines = transform.map(orders, unmapped(meta))
    loaded = load(only_results(lines))

flow.set_reference_tasks([loaded])

if __name__ == "__main__":
    state = flow.run()
    print("result:", state.is_successful(), state.result[loaded].result)
    print("result:", [type(child).__name__ for child in state.result[lines].map_states])
