"""What a request may bring, how long it may take, and what it is told when something goes wrong. Nothing inner gets out."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest

from runwright.errors import IllegalTransition, LeaseHeld, NotOnRecord, RecordUnreadable
from runwright.server.app import create_app
from runwright.server.auth import Role
from runwright.server.bodies import json_answer
from runwright.server.context import ServerOptions
from runwright.server.limits import limited_receive
from runwright.server.multipart import read_form
from runwright.server.problems import Problem
from runwright.server.request_log import LOGGER
from runwright.server.routes import get, post
from runwright.server.sse import Told, stream
from runwright.stores.sqlite import SqliteStore
from runwright.views import TaskRunFilter

from .conftest import TestClient

FAULTS = {
    "one": (404, NotOnRecord("No flow run 1 is on the record.")),
    "two": (409, LeaseHeld("Held.")),
    "three": (409, IllegalTransition("No.")),
    "four": (503, RecordUnreadable("/secret/path is no record")),
    "five": (500, ZeroDivisionError("secret")),
    "six": (418, Problem(418, "No tea.", headers={"Retry-After": "1"})),
}


async def size_of(request):
    return json_answer(len(await request.body()))


async def form_of(request):
    async with read_form(request) as form:
        files = {
            name: [file.name, [each.decode() async for each in file.chunks()]] for name, file in form.files.items()
        }
        return json_answer({"texts": form.texts, "files": files})


async def numbers_of(request):
    async def numbers():
        yield Told({"n": 1}, "a\nb", "progress")
        yield Told([None, "\u00e9\n"])

    return stream(numbers())


def fail(request):
    raise FAULTS[request.path_params["name"]][1]


@pytest.fixture
def client(record):
    surface = [
        post("/api/size", size_of, Role.VIEWER, limit=10),
        post("/form", form_of, Role.VIEWER, limit=100_000),
        get("/stream", numbers_of),
        get("/api/fail/{name}", fail),
        get("/api/v1/fail/{name}", fail),
        get("/fail/{name}", fail),
    ]
    app = create_app(record, options=ServerOptions(hosts=("testserver",)), surfaces=[lambda _: surface])
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(("status", "count"), [(200, 0), (200, 10), (413, 11), (413, 10_000)])
def test_a_body_has_a_limit(client, status, count):
    assert status == client.post("/api/size", content=b"x" * count).status_code


def test_a_body_in_pieces_has_it_too(client):
    assert 413 == client.post("/api/size", content=iter([b"x" * 6, b"x" * 6])).status_code
    assert 200 == client.post("/api/size", content=iter([b"x" * 5, b"x" * 5])).status_code


@pytest.mark.parametrize("length", ["11", "999999999999999999999", "x", "-1", "+1", "\u0661"])
def test_a_length_that_is_announced_is_not_believed(client, length):
    assert client.post("/api/size", content=b"x", headers={b"Content-Length": length.encode()}).status_code in {
        400,
        413,
    }


def test_headers_have_a_limit(client):
    assert 431 == client.post("/api/size", headers={"X-Long": "x" * 17_000}).status_code


def test_a_body_that_does_not_come_is_not_waited_for():
    async def never():
        await asyncio.Event().wait()

    with pytest.raises(Problem) as problem:
        asyncio.run(limited_receive({"headers": []}, never, 10, 0.01)())

    assert 408 == problem.value.status


def test_a_method_that_is_not_known_is_told_which_are(client):
    answer = client.put("/api/size")

    assert (405, "POST") == (answer.status_code, answer.headers["Allow"])
    assert 404 == client.get("/nothing").status_code


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize(
    ("prefix", "keys"),
    [("/api", {"detail"}), ("/api/v1", {"message", "_links", "_embedded"}), ("", {"code", "message"})],
)
def test_every_surface_is_told_in_its_own_way(client, name, prefix, keys):
    status, fault = FAULTS[name]
    answer = client.get(f"{prefix}/fail/{name}")

    assert status == answer.status_code
    assert keys == answer.json().keys() - {"request_id"}
    assert (str(fault) in answer.text) == (status < 500)
    assert "secret" not in answer.text
    assert (status >= 500) == (answer.json().get("request_id") == answer.headers["X-Request-Id"])


def test_a_problem_may_bring_headers(client):
    assert "1" == client.get("/fail/six").headers["Retry-After"]


def test_each_request_leaves_a_line_without_its_secrets(client, caplog):
    with caplog.at_level(logging.INFO, LOGGER):
        answer = client.post("/api/size?token=secret", content=b"secret", headers={"Authorization": "Bearer secret"})
    line = json.loads(caplog.messages[-1])

    assert ("POST", "/api/size", 200, "local") == tuple(line[key] for key in ("method", "path", "status", "principal"))
    assert answer.headers["X-Request-Id"] == line["request_id"]
    assert "secret" not in caplog.text


def test_a_form_brings_texts_and_files_by_the_id_of_their_input(client):
    sent = client.post(
        "/form",
        data={"string": "a", "int": "1"},
        files=[("file", ("name.txt", b"one")), ("files", ("other", b"two"))],
    )

    assert {
        "texts": {"string": "a", "int": "1"},
        "files": {"file": ["name.txt", ["one"]], "other": ["other", ["two"]]},
    } == sent.json()


def test_the_name_of_a_file_is_no_path(client):
    sent = client.post("/form", files=[("file", ("../../etc/passwd", b"x")), ("files", ("..\\..\\input", b"y"))])

    assert {"file": "passwd", "input": "input"} == {key: value[0] for key, value in sent.json()["files"].items()}


def test_no_form_is_no_inputs(client):
    assert {"texts": {}, "files": {}} == client.post("/form").json()


@pytest.mark.parametrize(
    ("status", "options"),
    [
        (415, {"json": {"files": {"filepath": "/etc/passwd"}}}),
        (415, {"content": "a=b", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}),
        (400, {"content": "x", "headers": {"Content-Type": "multipart/form-data"}}),
        (400, {"content": "broken", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}),
        (413, {"files": [("file", ("a", b"x" * 100_001))]}),
        (400, {"files": [("file", (str(number), b"")) for number in range(101)]}),
    ],
)
def test_a_form_that_cannot_be_is_refused(client, status, options):
    assert status == client.post("/form", **options).status_code


def test_a_stream_names_its_messages(client):
    answer = client.get("/stream")

    assert "text/event-stream" == answer.headers["Content-Type"].partition(";")[0]
    assert 'id: a b\nevent: progress\ndata: {"n":1}\n\ndata: [null,"\u00e9\\n"]\n\n' == answer.text


def test_silence_in_a_stream_is_broken_by_comments():
    async def parts():
        go_on = asyncio.Event()

        async def slow():
            await go_on.wait()
            yield Told(1)

        found = []
        async for each in stream(slow(), keep_alive=0.001).body_iterator:
            found.append(each)
            go_on.set()
        return found

    first, *_, last = asyncio.run(parts())
    assert (b": waiting\n\n", b"data: 1\n\n") == (first, last)


def test_health_is_a_word_to_strangers_and_more_to_others(record, locked):
    assert ("ok", "ok") == (locked.get("/livez").text, locked.get("/readyz").text)
    ready = locked.get("/readyz", headers={"Authorization": "Bearer key-of-the-viewer"})
    assert True is ready.json()["checks"]["record"]["ok"]


def test_a_record_that_fails_is_not_ready(tmp_path):
    record = SqliteStore(tmp_path / "record.db")
    with TestClient(create_app(record, options=ServerOptions(hosts=("testserver",)))) as client:
        assert (200, 200) == (client.get("/livez").status_code, client.get("/readyz").status_code)
        record.close()

        assert (200, 503) == (client.get("/livez").status_code, client.get("/readyz").status_code)


def test_metrics_count_task_runs(record, app, scribe):
    scribe.enter(1, "Running").enter(1, "Failed").commit()
    with TestClient(app) as client:
        text = client.get("/metrics").text

    assert {"Failed": 1, "Pending": 1} == record.count_task_runs(TaskRunFilter(), "state")
    assert 'runwright_task_runs{state="Failed"} 1' in text
