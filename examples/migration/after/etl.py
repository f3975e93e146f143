"""The same ETL flow in Runwright's own names."""

from runwright import FilterTask, Flow, Parameter, context, task, triggers, unmapped


@task(max_retries=2, retry_delay=0)
def extract(pages) -> tuple[list, dict]:
    orders = [{"id": number, "amount": 10 * number} for number in range(1, pages + 1)]
    return orders, {"currency": "EUR"}


@task
def transform(order, meta):
    if order["id"] == 3:
        raise ValueError("order 3 is damaged")
    context.logger.info("order %s", order["id"])
    return f"{order['amount']} {meta['currency']}"


@task(trigger=triggers.any_successful)
def load(lines):
    return ", ".join(lines)


only_results = FilterTask()

with Flow("etl") as flow:
    orders, meta = extract(Parameter("pages", default=4))
    lines = transform.map(orders, unmapped(meta))
    loaded = load(only_results(lines))

flow.set_reference_tasks([loaded])

if __name__ == "__main__":
    state = flow.run()
    print("result:", state.is_successful(), state.result[loaded].result)
    print("result:", [type(child).__name__ for child in state.result[lines].map_states])
