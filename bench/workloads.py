"""Workloads: the flows that are timed, each returning its figures beside the limits of the same minute.

A short warm-up of the same shape runs first, so that imports and first-use work are not counted; start-up has a workload of
its own.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bench import limits
from bench.peers import peers
from bench.postgres import append_postgres, chain_postgres, fan_out_postgres

if TYPE_CHECKING:
    from collections.abc import Callable

_HELLO = """
from runwright import Flow, task
@task
def hello():
    return "hello"
with Flow("hello") as flow:
    hello()
assert flow.run().is_successful()
"""


def fan_out_inline() -> dict[str, Any]:
    """10,000 mapped no-op tasks, inline."""
    return _fan_out("fan_out_inline", 10_000, "inline")


def fan_out_threads() -> dict[str, Any]:
    """10,000 mapped no-op tasks in threads."""
    return _fan_out("fan_out_threads", 10_000, "threads")


def fan_out_processes() -> dict[str, Any]:
    """2,000 mapped no-op tasks in processes."""
    return _fan_out("fan_out_processes", 2_000, "processes")


def fan_out_dask() -> dict[str, Any]:
    """2,000 mapped no-op tasks on a Dask cluster of two processes, beside raw futures on the same one."""
    import distributed

    from runwright.executors import DaskExecutor

    count, dask = 2_000, cast("Any", distributed)  # its types say that every context manager is awaited
    with (
        dask.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as cluster,
        dask.Client(cluster, set_as_default=False) as client,
    ):
        address: Any = client.scheduler.address if client.scheduler else None

        def everywhere() -> float:
            spent: Any = client.run(time.process_time)  # by worker: this client is not asynchronous
            return time.process_time() + sum(spent.values())

        def raw() -> float:
            before = everywhere()
            client.gather(client.map(_give_back, range(count), pure=False))
            return everywhere() - before

        def ours(size: int) -> float:
            before = everywhere()
            run_map(size, DaskExecutor(address))
            return everywhere() - before

        raw()
        ours(200)
        pairs = [(raw(), ours(count)) for _ in range(3)]
    futures, task_runs = (min(each) / count * 1e6 for each in zip(*pairs, strict=True))
    return {
        "bench": "fan_out_dask",
        "task_runs": count,
        "cpu_us_per_task_run": round(task_runs, 1),
        "limit": {"raw_future_us": round(futures, 1)},
        "times_raw_futures": round(task_runs / futures, 2),
    }


def chain_full() -> dict[str, Any]:
    """Run a chain of 1,000 tasks, each success durable before the next starts (synchronous FULL)."""
    return _chain("chain_full", 1_000, "FULL")


def chain_normal() -> dict[str, Any]:
    """Run a chain of 1,000 tasks, each success committed before the next starts (synchronous NORMAL)."""
    return _chain("chain_normal", 1_000, "NORMAL")


def chain_flat() -> dict[str, Any]:
    """Chains of 250 and 4,000 tasks: the cost of a task run must not grow with the length."""
    from runwright.open_records import close_records

    run_chain(50)
    short, long = run_chain(250), run_chain(4_000)
    close_records()
    return {
        "bench": "chain_flat",
        "cpu_us_per_task_run": {
            "250": round(short.processor / 250 * 1e6, 1),
            "4000": round(long.processor / 4_000 * 1e6, 1),
        },
        "growth": round(long.processor / 4_000 / (short.processor / 250), 2),
    }


def expressions() -> dict[str, Any]:
    """Render a template of a few expressions 20,000 times, beside `str.format` of the same text; and read it for the first time."""
    from runwright.expression import LIMITS, compile_template
    from runwright.expressions.templates import CompiledTemplate

    text = "Hello {{ inputs.name }}, {{ outputs.fetch.count + 1 }} rows for {{ taskrun.value ?? 'all' }}"
    variables = {"inputs": {"name": "ada"}, "outputs": {"fetch": {"count": 41}}, "taskrun": {"value": "north"}}
    template = compile_template(text)
    assert template.render(variables) == "Hello ada, 42 rows for north"
    plain = "Hello {inputs[name]}, {outputs[fetch][count]} rows for {taskrun[value]}"
    bare = _microseconds(lambda: plain.format(**variables), 20_000)
    rendered = _microseconds(lambda: template.render(variables), 20_000)
    bare = min(bare, _microseconds(lambda: plain.format(**variables), 20_000))
    return {
        "bench": "expressions",
        "cpu_us_per_render": round(rendered, 2),
        "cpu_us_per_reading": round(_microseconds(lambda: CompiledTemplate(text, LIMITS), 500), 1),
        "limit": {"bare_format_us": round(bare, 3)},
        "times_bare_format": round(rendered / bare, 1),
    }


def start_up() -> dict[str, Any]:
    """`import runwright` and a hello-world flow with its record, as whole processes (best of 7)."""
    bare = _process("pass")
    imported = _process("import runwright")
    hello = _process(_HELLO)
    return {
        "bench": "start_up",
        "import_s": round(imported[0], 3),
        "hello_s": round(hello[0], 3),
        "hello_mb": round(hello[1] / 1e6, 1),
        "limit": {"bare_python_s": round(bare[0], 3), "bare_python_mb": round(bare[1] / 1e6, 1)},
    }


def million() -> dict[str, Any]:
    """1,000,000 mapped no-op tasks in one process."""
    return _fan_out("million", 1_000_000, "inline")


def pages() -> dict[str, Any]:
    """Show the pages of a record with 100,000 task runs in ten flow runs."""
    return _pages("pages", 10)


def pages_million() -> dict[str, Any]:
    """Show the pages of a record with 1,000,000 task runs in a hundred flow runs."""
    return _pages("pages_million", 100)


def paint_million() -> dict[str, Any]:
    """Open the page of task runs in a browser, over a record with 1,000,000 task runs."""
    from bench.paint import measured

    for _ in range(100):
        run_map(10_000, "inline")
    return measured("paint_million", 1_000_000)


def lists() -> dict[str, Any]:
    """Ask a server over HTTP about a record with 20,000 task runs: the newest that failed, how many, those of one flow run."""
    from bench.lists import measured

    return measured("lists", 20_000)


def lists_million() -> dict[str, Any]:
    """Ask a server over HTTP about a record with 1,000,000 task runs."""
    from bench.lists import measured

    return measured("lists_million", 1_000_000)


def event_ingest() -> dict[str, Any]:
    """Send 60,000 events to a server, a thousand in a request and eight requests at once, each committed when it is answered."""
    from bench import events

    return events.measured_ingest()


def event_search() -> dict[str, Any]:
    """Find events on a record with 100,000 task runs and 20,000 events that programs sent."""
    from bench import events

    for _ in range(10):
        run_map(10_000, "inline")
    return events.measured_search(100_000)


def for_each() -> dict[str, Any]:
    """Run a YAML flow with a round for each of 1,000 and of 10,000 values, on a record."""
    from runwright.executions.declared_flow import DeclaredFlow
    from runwright.executions.runner import ExecutionRunner

    text = (
        "id: rounds\nnamespace: bench\ntasks:\n  - id: each\n    type: flow.ForEach\n    concurrencyLimit: 0\n"
        '    values: "{{{{ range(1, {count}) }}}}"\n    tasks: [{{id: hand, type: debug.Return, format: "{{{{ taskrun.value }}}}"}}]\n'
    )

    def run(count: int) -> float:
        flow = DeclaredFlow.from_text(text.format(count=count))
        return _least_processor_time(lambda: ExecutionRunner(flow).start()) / count

    few, many = run(1_000), run(10_000)
    return {
        "bench": "for_each",
        "values": 10_000,
        "cpu_us_per_task_run": round(many * 1e6, 1),
        "cpu_us_per_task_run_of_1000": round(few * 1e6, 1),
    }


def validate() -> dict[str, Any]:
    """Check a YAML flow of 500 tasks, beside the bare library for YAML."""
    import yaml

    from runwright.spec import parse_flow_spec

    text = _yaml_flow(500)
    assert len(parse_flow_spec(text).tasks) == 500  # noqa: PLR2004  as many as were written
    checked = _least_processor_time(lambda: parse_flow_spec(text))
    bare = _least_processor_time(lambda: yaml.load(text, Loader=yaml.CSafeLoader))
    path = Path(os.environ["RUNWRIGHT_HOME"]) / "many.yaml"
    path.write_text(text, encoding="utf-8")
    program = [Path(sys.executable).with_name("runwright"), "validate", "-f", path]
    command = _least_processor_time(
        lambda: subprocess.run(program, capture_output=True, check=True)  # noqa: S603  our own program
    )
    return {
        "bench": "validate",
        "tasks": 500,
        "command_cpu_ms": round(command * 1e3, 1),
        "cpu_ms": round(checked * 1e3, 1),
        "bare_yaml_cpu_ms": round(bare * 1e3, 1),
        "ratio_to_bare_yaml": round(checked / bare, 2),
    }


ALL: dict[str, Callable[[], dict[str, Any]]] = {
    each.__name__: each
    for each in (
        fan_out_inline,
        fan_out_threads,
        fan_out_processes,
        fan_out_dask,
        chain_full,
        chain_normal,
        chain_flat,
        expressions,
        start_up,
        for_each,
        validate,
        pages,
        lists,
        event_ingest,
        event_search,
        append_postgres,
        chain_postgres,
        fan_out_postgres,
        million,
        pages_million,
        paint_million,
        lists_million,
        peers,
    )
}


def _least_processor_time(action: Callable[[], Any]) -> float:
    """Return the least processor time in seconds of five calls, with that of processes that they start."""
    times: list[float] = []
    for _ in range(5):
        start = _processor_time()
        action()
        times.append(_processor_time() - start)
    return min(times)


def _processor_time() -> float:
    """Return seconds of this process and of the children it has waited for, finer than `limits.processor_time`."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _yaml_flow(tasks: int) -> str:
    """Return a YAML flow of plain tasks, each with a time limit and a retry."""
    rows = "".join(
        f"  - id: task_{number}\n    type: io.kestra.plugin.core.debug.Return\n    description: Task {number}.\n"
        f'    format: "{number} {{{{ inputs.day }}}} {{{{ taskrun.startDate }}}}"\n    timeout: PT10M\n'
        "    retry: {type: constant, interval: PT5S, maxAttempts: 3}\n"
        for number in range(tasks)
    )
    return f"id: many\nnamespace: company.team\ninputs:\n  - {{id: day, type: DATE}}\ntasks:\n{rows}"


def _microseconds(work: Callable[[], Any], count: int) -> float:
    """Return microseconds of processor time for one call, of many."""
    start = time.process_time()
    for _ in range(count):
        work()
    return (time.process_time() - start) / count * 1e6


def _fan_out(name: str, count: int, executor: str) -> dict[str, Any]:
    run_map(200, executor)
    call, writer = limits.bare_call(), limits.bare_writer()
    disk = limits.disk_use()
    meter = run_map(count, executor)
    call = min(call, limits.bare_call())
    used = limits.disk_use() - disk
    cpu = meter.processor / count * 1e6
    return {
        "bench": name,
        "task_runs": count,
        "cpu_us_per_task_run": round(cpu, 1),
        "task_runs_per_s": round(count / meter.wall),
        "seconds": round(meter.wall, 2),
        "growth_mb": round(meter.growth / 1e6, 1),
        "disk_bytes_per_task_run": round(used / count),
        "limit": {"bare_call_us": round(call, 3), "bare_writer_us": round(writer, 1)},
        "times_bare_writer": round(cpu / writer, 1),
    }


def _pages(name: str, runs: int) -> dict[str, Any]:
    from bench.pages import measured

    for _ in range(runs):
        run_map(10_000, "inline")
    return measured(name, runs * 10_000)


def _chain(name: str, count: int, synchronous: str) -> dict[str, Any]:
    run_chain(50)
    before = limits.bare_commits()
    meter = run_chain(count)
    after = limits.bare_commits()
    commits = {each: min(before[each], after[each]) for each in before}
    wall = meter.wall / count * 1e6
    share = commits[synchronous] / wall
    return {
        "bench": name,
        "task_runs": count,
        "cpu_us_per_task_run": round(meter.processor / count * 1e6, 1),
        "task_runs_per_s": round(count / meter.wall),
        "limit": {
            "bare_commit_us": {each: round(commit, 1) for each, commit in commits.items()},
            "bare_commits_per_s": {each: round(1e6 / commit) for each, commit in commits.items()},
        },
        "of_bare_commits_per_s": round(share, 3),
        "goal": limits.CHAIN_GOAL[synchronous],
        "meets_goal": share >= limits.CHAIN_GOAL[synchronous],
    }


def _give_back(number: int) -> int:
    return number


def run_map(count: int, executor: Any) -> limits.Meter:
    """Run a map over no-op tasks and return what it took."""
    from runwright import Flow, task

    @task
    def noop(number: int) -> int:
        return number

    with Flow(f"fan-out-{count}") as flow:
        noop.map(list(range(count)))
    return _measure(flow, executor, count)


def run_chain(count: int) -> limits.Meter:
    """Run a chain of no-op tasks inline and return what it took."""
    from runwright import Flow, task

    @task
    def step(number: int) -> int:
        return number + 1

    with Flow(f"chain-{count}") as flow:
        number: Any = 0
        for _ in range(count):
            number = step(number)
    return _measure(flow, "inline", count)


def _measure(flow: Any, executor: Any, count: int) -> limits.Meter:
    flow.compile()
    with limits.Meter() as meter:
        state = flow.run(executor=executor)
    if not state.is_successful():
        raise SystemExit(f"The flow of {count} task runs ended as {state}.")
    _check_record(count)
    return meter


def _check_record(count: int) -> None:
    """No loss: when the flow has returned, every task run is on record as a success."""
    from runwright.open_records import open_record
    from runwright.views import FlowRunFilter

    newest = open_record().flow_runs(FlowRunFilter(limit=1))[0]
    recorded = sum(newest.counts.get(state, 0) for state in ("Success", "Mapped"))
    if recorded < count:
        raise SystemExit(f"Only {recorded} of {count} task runs are on record: {newest.counts}.")


def _process(code: str) -> tuple[float, int]:
    """Return the least wall time and the least peak memory of seven processes that run `code`."""
    measured = f"{code}\nimport resource\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)"
    times: list[float] = []
    sizes: list[int] = []
    for _ in range(7):
        start = time.perf_counter()
        done = subprocess.run(  # noqa: S603  our own code
            [sys.executable, "-c", measured], env=os.environ, capture_output=True, text=True, check=True
        )
        times.append(time.perf_counter() - start)
        sizes.append(int(done.stdout.split()[-1]))
    return min(times), min(sizes)
