"""What the client of Prefect 3 does with limits of tags: run by the Python that has it, prints one JSON object."""

from __future__ import annotations

import asyncio
import json
import sys

from prefect.client.orchestration import get_client  # pyright: ignore[reportMissingImports]  installed elsewhere
from prefect.client.schemas.actions import (  # pyright: ignore[reportMissingImports]  as above
    GlobalConcurrencyLimitCreate,
    GlobalConcurrencyLimitUpdate,
)
from prefect.exceptions import ObjectNotFound  # pyright: ignore[reportMissingImports]  as above


async def keep() -> dict[str, object]:
    async with get_client() as client:
        identity = await client.create_concurrency_limit(tag="db", concurrency_limit=2)
        read = await client.read_concurrency_limit_by_tag("db")
        listed = await client.read_concurrency_limits(limit=10, offset=0)
        await client.reset_concurrency_limit_by_tag("db")
        await client.delete_concurrency_limit_by_tag("db")
        try:
            await client.read_concurrency_limit_by_tag("db")
            missing = None
        except ObjectNotFound:
            missing = "ObjectNotFound"
        await client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name="tag:web", limit=3))
        await client.update_global_concurrency_limit("tag:web", GlobalConcurrencyLimitUpdate(limit=1))
        named = await client.read_global_concurrency_limit_by_name("tag:web")
        every = await client.read_global_concurrency_limits()
        return {
            "read": [read.tag, read.concurrency_limit, read.active_slots, read.id == identity],
            "listed": [each.tag for each in listed],
            "missing": missing,
            "named": [named.name, named.limit, named.active_slots, named.active],
            "every": [each.name for each in every],
        }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(keep())) + "\n")
