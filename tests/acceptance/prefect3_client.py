"""What the client of Prefect 3 does against a server: run by the Python that has it, prints one JSON object.

It reads task runs, subscribes to events, and says that it listens before it waits for the event `hello.end`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from uuid import UUID

from prefect.client.orchestration import get_client  # pyright: ignore[reportMissingImports]  installed elsewhere
from prefect.client.schemas.filters import (  # pyright: ignore[reportMissingImports]  as above
    FlowRunFilter,
    FlowRunFilterName,
    TaskRunFilter,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import StateType  # pyright: ignore[reportMissingImports]  as above
from prefect.events import Event  # pyright: ignore[reportMissingImports]  as above
from prefect.events.clients import (  # pyright: ignore[reportMissingImports]  as above
    get_events_client,
    get_events_subscriber,
)
from prefect.events.filters import EventFilter, EventNameFilter  # pyright: ignore[reportMissingImports]  as above
from prefect.exceptions import ObjectNotFound  # pyright: ignore[reportMissingImports]  as above


async def read(flow_run_name: str) -> dict[str, object]:
    async with get_client() as client:
        healthy = await client.api_healthcheck()
        mine = FlowRunFilter(name=FlowRunFilterName(any_=[flow_run_name]))
        runs = await client.read_task_runs(flow_run_filter=mine)
        done = TaskRunFilterState(type=TaskRunFilterStateType(any_=[StateType.COMPLETED]))
        completed = await client.read_task_runs(task_run_filter=TaskRunFilter(state=done), flow_run_filter=mine)
        states = await client.read_task_run_states(runs[0].id)
        events = await client.read_events(
            filter=EventFilter(event=EventNameFilter(prefix=["prefect.task-run."])), limit=10
        )
        following = await events.get_next_page(client) if events.next_page else None
        try:
            await client.read_task_run(UUID(int=0))
            missing = None
        except ObjectNotFound:
            missing = "ObjectNotFound"
        return {
            "healthy": healthy is None,
            "version": await client.api_version(),
            "runs": len(runs),
            "again": (await client.read_task_run(runs[0].id)).state_id == states[-1].id,
            "completed": len(completed),
            "flow_runs": len(await client.read_flow_runs(flow_run_filter=mine)),
            "flows": len(await client.read_flows(limit=1)),
            "logs": len(await client.read_logs()),
            "events": events.total,
            "next": len(following.events) if following else 0,
            "missing": missing,
        }


async def listen() -> list[dict[str, object]]:
    which = EventFilter(event=EventNameFilter(prefix=["prefect.task-run.", "hello."]))
    heard = []
    async with get_events_subscriber(filter=which) as subscriber, get_events_client() as sender:
        await sender.emit(Event(event="hello.world", resource={"prefect.resource.id": "somebody"}))
        async for event in subscriber:
            heard.append(
                {
                    "id": str(event.id),
                    "event": event.event,
                    "resource": event.resource.id,
                    "follows": str(event.follows) if event.follows else None,
                    "occurred": event.occurred.isoformat(),
                }
            )
            if event.event == "hello.world":
                sys.stdout.write("listening\n")
                sys.stdout.flush()
            if event.event == "hello.end":
                return heard
    return heard


if __name__ == "__main__":
    task = read(sys.argv[2]) if sys.argv[1] == "read" else listen()
    sys.stdout.write(json.dumps(asyncio.run(task)) + "\n")
