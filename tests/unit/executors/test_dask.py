"""The Dask executor without a cluster: its settings, the resources of tags, and the switchboard's decisions."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

pytest.importorskip("distributed")

from runwright.errors import ExecutorError, SettingError
from runwright.executors.dask import DaskExecutor, resources_of
from runwright.executors.dask_switchboard import INTERRUPT, Switchboard


class Scheduler:
    """As much of a Dask scheduler as the switchboard asks for; what is sent is kept."""

    allowed_failures = 3

    def __init__(self):
        self.handlers, self.stream_handlers, self.workers, self.told, self.sent = {}, {}, {}, [], []
        self.killed = []
        self.tasks = {}

    def add(self, key, client="client"):
        wants = [SimpleNamespace(client_key=client)]
        self.tasks[key] = SimpleNamespace(suspicious=0, exception_text=None, who_wants=wants)

    def send_all(self, client_messages, worker_messages):
        for client, messages in client_messages.items():
            self.told += [(client, message["event"][1]) for message in messages]

    def worker_send(self, address, message):
        self.sent.append((address, message))

    def rpc(self, nanny):
        async def kill(**_):
            self.killed.append(nanny)

        return SimpleNamespace(kill=kill)


@pytest.fixture
def scheduler():
    scheduler = Scheduler()
    scheduler.add("key")
    scheduler.workers["there"] = SimpleNamespace(nanny="its nanny", nthreads=1)
    return scheduler


@pytest.fixture
def switchboard(scheduler):
    switchboard = Switchboard()
    switchboard.connect(scheduler)
    switchboard.enclose("client", {1: b"setting"})
    return switchboard


# ---- settings


def test_tags_say_what_a_task_needs():
    assert {"GPU": 1.0, "memory": 2.5} == resources_of({"etl", "dask-resource:GPU=1", "dask-resource:memory=2.5"})


@pytest.mark.parametrize("tag", ["dask-resource:GPU", "dask-resource:GPU=", "dask-resource:GPU=many"])
def test_a_tag_without_an_amount_is_refused(tag):
    with pytest.raises(SettingError, match="dask-resource:GPU=1"):
        resources_of([tag])


@pytest.mark.parametrize(
    "arguments", [{"cluster_class": "a.b"}, {"cluster_kwargs": {"n_workers": 1}}, {"adapt_kwargs": {"maximum": 1}}]
)
def test_an_address_and_a_new_cluster_contradict(arguments):
    with pytest.raises(SettingError, match="the cluster that is there"):
        DaskExecutor("tcp://127.0.0.1:8786", **arguments)


def test_slots_are_those_of_the_cluster_to_come():
    assert 6 == DaskExecutor(cluster_kwargs={"n_workers": 2, "threads_per_worker": 3}).slots
    assert 5 == DaskExecutor(adapt_kwargs={"maximum": 5}).slots


def test_a_cluster_class_that_there_is_not_is_named():
    with pytest.raises(ExecutorError, match=r"no cluster class 'distributed\.MoonCluster'"):
        DaskExecutor(cluster_class="distributed.MoonCluster").start(print)


def test_a_cluster_that_does_not_answer_is_an_error():
    with pytest.raises(ExecutorError, match=r"The Dask cluster at tcp://127\.0\.0\.1:1 cannot be reached"):
        DaskExecutor("tcp://127.0.0.1:1", client_kwargs={"timeout": 0.1}).start(print)


# ---- the switchboard


def test_a_body_begins_once(scheduler, switchboard):
    assert switchboard.begin("client", "key", "there", b"running")
    assert scheduler.allowed_failures == scheduler.tasks["key"].suspicious
    assert not switchboard.begin("client", "key", "elsewhere", b"running")
    running, gone = scheduler.told
    assert ("client", {"key": "key", "body": b"running"}) == running
    assert "had begun" in gone[1]["gone"]


def test_a_body_that_was_stopped_does_not_begin(switchboard):
    assert {"key": None} == switchboard.stop("client", ["key"])
    assert not switchboard.begin("client", "key", "there", b"running")


@pytest.mark.parametrize(("recipient", "key"), [("nobody", "key"), ("client", "unknown")])
def test_a_body_that_nobody_waits_for_does_not_begin(switchboard, recipient, key):
    assert not switchboard.begin(recipient, key, "there", b"running")


def test_a_big_call_is_held_until_it_is_answered(switchboard):
    switchboard.enclose("client", {"key": b"big"})
    assert b"big" == switchboard.enclosure("client", "key")
    switchboard.said("client", "key", b"done", is_final=True)
    assert None is switchboard.enclosure("client", "key")
    assert b"setting" == switchboard.enclosure("client", 1)


def test_a_body_that_is_stopped_is_interrupted_and_its_worker_killed(scheduler, switchboard, monkeypatch):
    monkeypatch.setattr("runwright.executors.dask_switchboard.GRACE", 0)

    async def stop():
        switchboard.begin("client", "key", "there", b"running")
        places = switchboard.stop("client", ["key"])
        await asyncio.gather(*switchboard._chores)
        return places

    assert {"key": "there"} == asyncio.run(stop())
    assert [("there", {"op": INTERRUPT, "key": "key"})] == scheduler.sent
    assert ["its nanny"] == scheduler.killed


def test_a_worker_that_has_begun_something_else_meanwhile_is_left_alone(scheduler, switchboard, monkeypatch):
    """The report of what was stopped is lost, or still on its way; the body itself is over."""
    monkeypatch.setattr("runwright.executors.dask_switchboard.GRACE", 0)
    scheduler.add("next")

    async def leave():
        switchboard.begin("client", "key", "there", b"running")
        switchboard.stop("client", ["key"])
        switchboard.begin("client", "next", "there", b"running")
        await asyncio.gather(*switchboard._chores)

    asyncio.run(leave())
    assert [] == scheduler.killed


@pytest.mark.parametrize("is_spared", [False, True])
def test_nothing_begins_on_a_worker_that_is_being_killed(scheduler, switchboard, monkeypatch, is_spared):
    """What waits there goes on elsewhere when the worker is gone, and there when it could not be killed."""
    monkeypatch.setattr("runwright.executors.dask_switchboard.GRACE", 0)
    scheduler.add("next")
    asked = []

    def rpc(_):
        async def kill(**_):
            asked.append(asyncio.ensure_future(switchboard.begin("client", "next", "there", b"running")))
            await asyncio.sleep(0)
            assert not asked[0].done()
            if is_spared:
                raise OSError
            del scheduler.workers["there"]

        return SimpleNamespace(kill=kill)

    async def kill():
        switchboard.begin("client", "key", "there", b"running")
        switchboard.stop("client", ["key"])
        await asyncio.gather(*switchboard._chores)
        return await asked[0]

    monkeypatch.setattr(scheduler, "rpc", rpc)
    assert is_spared == asyncio.run(kill())
    assert is_spared == (scheduler.tasks["next"].suspicious > 0)
    assert switchboard.begin("client", "next", "elsewhere", b"running") is not is_spared


@pytest.mark.parametrize("change", [{"nthreads": 2}, {"nanny": None}])
def test_a_worker_with_other_threads_or_without_a_nanny_is_left_alone(scheduler, switchboard, monkeypatch, change):
    monkeypatch.setattr("runwright.executors.dask_switchboard.GRACE", 0)
    vars(scheduler.workers["there"]).update(change)

    async def leave():
        switchboard.begin("client", "key", "there", b"running")
        switchboard.forget_client("client")
        await asyncio.gather(*switchboard._chores)

    asyncio.run(leave())
    assert [("there", {"op": INTERRUPT, "key": "key"})] == scheduler.sent
    assert [] == scheduler.killed


def test_what_dask_gives_up_is_told_to_its_client(scheduler, switchboard):
    scheduler.add("of another", client="another")
    switchboard.note_failure("key")
    switchboard.note_failure("of another")
    switchboard.note_failure("unknown")
    switchboard.note_restart()

    assert [("client", "key"), ("client", None)] == [(client, said["key"]) for client, said in scheduler.told]


def test_what_had_begun_on_a_worker_that_leaves_is_told_to_its_client(switchboard, scheduler):
    """Also where it leaves in order: Dask hands the call to another worker then, where it must not begin again."""
    switchboard.begin("client", "key", "there", b"running")
    switchboard.note_departure("elsewhere")
    assert 1 == len(scheduler.told)
    switchboard.note_departure("there")

    assert ("client", {"key": "key", "gone": "it has left the cluster"}) == scheduler.told[-1]
    assert not switchboard.begin("client", "key", "elsewhere", b"running")


def test_a_body_that_had_begun_elsewhere_never_begins(switchboard):
    assert [True, False, False] == [
        switchboard.begin("client", "key", place, b"running") for place in ("there", "second", "third")
    ]
