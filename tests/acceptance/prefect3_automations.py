"""What the client of Prefect 3 does with automations: run by the Python that has it, prints one JSON object."""

from __future__ import annotations

import asyncio
import json
import sys

from prefect.automations import (  # pyright: ignore[reportMissingImports]  installed elsewhere
    Automation,
    CompoundTrigger,
    EventTrigger,
)
from prefect.client.orchestration import get_client  # pyright: ignore[reportMissingImports]  as above
from prefect.events.actions import CancelFlowRun, DoNothing  # pyright: ignore[reportMissingImports]  as above
from prefect.events.schemas.events import ResourceSpecification  # pyright: ignore[reportMissingImports]  as above

FAILED = EventTrigger(
    expect={"prefect.task-run.Failed"},
    match=ResourceSpecification({"prefect.resource.id": "prefect.task-run.*"}),
    for_each={"related:flow-run:prefect.resource.id"},
    posture="Reactive",
    threshold=3,
    within=60,
)
SILENT = EventTrigger(expect={"alive"}, posture="Proactive", threshold=1, within=30)
BOTH = CompoundTrigger(triggers=[FAILED, SILENT], require=2, within=60)


async def keep() -> dict[str, object]:
    async with get_client() as client:
        quiet = await client.create_automation(Automation(name="quiet", trigger=FAILED, actions=[CancelFlowRun()]))
        loud = await client.create_automation(
            Automation(name="loud", trigger=BOTH, actions=[DoNothing()], owner_resource="somebody.1")
        )
        read, compound = await client.read_automation(quiet), await client.read_automation(loud)
        found = sorted(each.name for each in await client.read_automations())
        named = await client.read_automations_by_name("quiet")
        await client.pause_automation(quiet)
        paused = (await client.read_automation(quiet)).enabled
        await client.resume_automation(quiet)
        resumed = (await client.read_automation(quiet)).enabled
        await client.update_automation(quiet, read.model_copy(update={"name": "changed"}))
        updated = await client.read_automation(quiet)
        related = await client.read_resource_related_automations("somebody.1")
        await client.delete_resource_owned_automations("somebody.1")
        owned = [each.name for each in await client.read_automations()]
        await client.delete_automation(quiet)
        return {
            "read": [
                read.name,
                read.trigger.type,
                sorted(read.trigger.expect),
                read.trigger.threshold,
                read.trigger.within.total_seconds(),
            ],
            "compound": [compound.trigger.require, [each.type for each in compound.trigger.triggers]],
            "found": found,
            "named": len(named),
            "paused": paused,
            "resumed": resumed,
            "updated": updated.name,
            "related": len(related),
            "deleted": await client.find_automation("changed"),
            "owned": owned,
        }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(keep())) + "\n")
