"""Limits of tags over HTTP, as clients of Prefect 3 keep and read them, in the paths of both versions."""

from __future__ import annotations

import pytest

from runwright.tag_limits import Claim
from runwright.testing.scribe import Scribe

OLD, NEW = "/api/concurrency_limits", "/api/v2/concurrency_limits"


def kept(client, tag="db", slots=2):
    answer = client.post(f"{OLD}/", json={"tag": tag, "concurrency_limit": slots})
    assert 200 == answer.status_code, answer.text
    return answer.json()


def test_a_limit_is_kept_read_and_lifted(client, record):
    made = kept(client)
    assert ("db", 2, []) == (made["tag"], made["concurrency_limit"], made["active_slots"])
    assert {"id", "created", "updated"} <= made.keys()
    assert made == client.get(f"{OLD}/tag/db").json() == client.get(f"{OLD}/{made['id']}").json()
    assert 3 == kept(client, slots=3)["concurrency_limit"]
    assert [3] == [limit.slots for limit in record.tag_limits()]
    assert 200 == client.delete(f"{OLD}/tag/db").status_code
    assert [] == record.tag_limits()
    assert 404 == client.get(f"{OLD}/tag/db").status_code == client.delete(f"{OLD}/{made['id']}").status_code


def test_limits_are_listed_page_by_page(client):
    for tag in ("c", "a", "b/d"):
        kept(client, tag)
    assert ["a", "b/d"] == [each["tag"] for each in client.post(f"{OLD}/filter", json={"limit": 2}).json()]
    assert ["tag:b/d", "tag:c"] == [each["name"] for each in client.post(f"{NEW}/filter", json={"offset": 1}).json()]
    assert "b/d" == client.get(f"{OLD}/tag/b/d").json()["tag"]


def test_who_holds_slots_is_told(client, record):
    kept(client, slots=1)
    scribe = Scribe(record)
    record.claim_tag_slots(scribe.lease, [Claim(1, {"db": 1}), Claim(2, {"db": 1})])
    holder = str(record.tag_slots()[0].task_run)
    assert [holder] == client.get(f"{OLD}/tag/db").json()["active_slots"]
    assert 1 == client.get(f"{NEW}/tag:db").json()["active_slots"]


def test_a_reset_takes_no_slot_from_who_runs(client, record):
    kept(client, slots=1)
    record.claim_tag_slots(Scribe(record).lease, [Claim(1, {"db": 1})])
    assert 200 == client.post(f"{OLD}/tag/db/reset", json={"slot_override": None}).status_code
    assert 1 == len(record.tag_slots())
    override = {"slot_override": [str(record.tag_slots()[0].task_run)]}
    assert 422 == client.post(f"{OLD}/tag/db/reset", json=override).status_code


def test_a_limit_has_a_newer_name(client, record):
    made = client.post(f"{NEW}/", json={"name": "tag:db", "limit": 2, "active": True})
    assert 201 == made.status_code
    assert ("tag:db", 2, True, 0, 0.0) == tuple(
        made.json()[name] for name in ("name", "limit", "active", "active_slots", "slot_decay_per_second")
    )
    assert 409 == client.post(f"{NEW}/", json={"name": "tag:db", "limit": 1}).status_code
    assert 204 == client.patch(f"{NEW}/tag:db", json={"limit": 4}).status_code
    assert 4 == client.get(f"{NEW}/{made.json()['id']}").json()["limit"]
    assert 204 == client.delete(f"{NEW}/tag:db").status_code
    assert 404 == client.get(f"{NEW}/tag:db").status_code
    assert [] == record.tag_limits()


@pytest.mark.parametrize(
    "body",
    [{"name": "db", "limit": 1}, {"name": "tag:db", "limit": 1, "active": False}, {"name": "tag:db", "limit": -1}],
)
def test_what_nobody_would_heed_is_refused(client, record, body):
    assert 422 == client.post(f"{NEW}/", json=body).status_code
    assert [] == record.tag_limits()


@pytest.mark.parametrize("change", [{"active": False}, {"name": "tag:web"}, {"slot_decay_per_second": 1.0}])
def test_a_change_that_nobody_would_heed_is_refused(client, record, change):
    kept(client)
    assert 422 == client.patch(f"{NEW}/tag:db", json={**change, "limit": 7}).status_code
    assert [2] == [limit.slots for limit in record.tag_limits()]


@pytest.mark.parametrize("tag", ["", "a\nb"])
def test_what_is_no_tag_is_refused(client, tag):
    assert 422 == client.post(f"{OLD}/", json={"tag": tag, "concurrency_limit": 1}).status_code
