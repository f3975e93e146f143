"""Each page answers as HTML and as the data that it shows; whatever is asked wrongly is answered kindly."""

from __future__ import annotations

import re
from uuid import uuid4

import msgspec
import pytest
from tests.ui.test_every_page import FLOW, FLOW_RUN, GROUPED, LISTS, TASK_RUN, address_of

from runwright.ui.safety import HEADERS, POLICY
from runwright.views import FlowRunFilter, TaskRunFilter


class Here:
    """A site at no address."""

    url = ""


@pytest.mark.parametrize("page", LISTS + GROUPED + TASK_RUN + FLOW_RUN + FLOW)
def test_a_page_has_its_twin(ask, runs, page):
    path = address_of(Here, page, runs["failed"])
    name, _, query = path.partition("?")

    shown, data = ask(path), ask(f"{name}.json?{query}")

    assert (200, 200) == (shown.status, data.status)
    assert shown.text.startswith("<!doctype html>")
    assert isinstance(data.data, dict)


@pytest.mark.parametrize("page", LISTS)
def test_an_empty_record_has_its_pages(ask, page):
    assert 200 == ask(page).status


def test_nothing_on_a_page_is_inline_or_from_elsewhere(ask, runs):
    for page in LISTS + TASK_RUN + FLOW_RUN + FLOW:
        text = ask(address_of(Here, page, runs["failed"])).text
        assert "style=" not in text
        assert 1 == text.count("<script")
        assert "://" not in text.replace("sqlite://", "").replace("memory://", ""), page


def test_every_answer_has_the_headers(ask, runs):
    for path in ("/task-runs", "/task-runs.json", "/static/frame.css", "/nowhere", "/task-runs?q=x:"):
        headers = ask(path).headers
        assert {name.decode(): value.decode() for name, value in HEADERS}.items() <= dict(headers).items()
    assert "unsafe" not in POLICY


def test_the_numbers_on_the_page_are_those_of_the_record(ask, runs, store):
    page = ask("/task-runs.json").data

    assert store.count_task_runs(TaskRunFilter(), "state") == {each["state"]: each["count"] for each in page["counts"]}
    assert sum(each["count"] for each in page["counts"]) == page["total"]


def test_keyset_pages_meet(ask, runs):
    first = ask("/task-runs.json?limit=10").data
    second = ask(f"/task-runs.json{first['older']}").data

    ids = [row["id"] for row in [*first["rows"], *second["rows"]]]
    assert (10, len(ids)) == (len(first["rows"]), len(set(ids)))


def test_a_search_that_cannot_be_read_says_where_and_suggests(ask, runs):
    answer = ask("/task-runs?q=flow:etl%20stat:failed")

    assert 400 == answer.status
    assert "<mark>stat:failed</mark>" in answer.text
    assert "q=flow%3Aetl%20state%3Afailed" in answer.text


def test_a_search_of_flow_runs_that_cannot_be_read_tells_of_what_they_are_found_by(ask, runs):
    mistake = ask("/flow-runs.json?q=stat:failed").data["mistake"]

    assert "There are state, phase, flow, run, name, after, before." in mistake["message"]
    assert "q=state%3Afailed" in mistake["link"]


def test_a_search_without_an_answer_says_which_condition_is_in_the_way(ask, runs):
    page = ask("/task-runs.json?q=flow:etl%20task:nothing").data

    assert [("25 without task:nothing")] == [each["text"] for each in page["without"]] or page["without"]
    assert 0 == page["total"]


@pytest.mark.parametrize(
    "path", ["/task-runs/{}", "/flow-runs/{}", "/flows/{}", "/task-runs/no-id", "/flow-runs/%3Cb%3E", "/x" * 500]
)
def test_what_is_not_there_is_a_page_that_says_so(ask, runs, path):
    answer = ask(path.format(uuid4()))

    assert 404 == answer.status
    assert "<h1>" in answer.text


def test_the_id_of_a_flow_run_is_no_task_run(ask, runs):
    answer = ask(f"/task-runs/{runs['failed'].id}.json")

    assert 404 == answer.status
    assert "etl/brisk-otter" in answer.data["error"]


def test_where_the_time_of_a_task_run_went(ask, runs):
    page = ask(f"/task-runs/{runs['failed'].task_run_id(1)}.json").data

    assert ["Pending", "Running", "Retrying", "Running", "Success"] == [step["state"] for step in page["steps"]]
    assert {"queue": 1.0, "retry": 1.0, "run": 2.0} == {spell["kind"]: spell["seconds"] for spell in page["spells"]}
    assert [1, 2, 3, 4, 5] == [step["version"] for step in page["steps"]]


def test_attempts_stand_beside_each_other(ask, runs):
    page = ask(f"/task-runs/{runs['failed'].task_run_id(1)}.json?tab=attempts").data["comparison"]

    facts = {fact["name"]: fact for fact in page["differences"]}
    assert (["Failed", "Success"], True) == (facts["State"]["values"], facts["State"]["differs"])
    assert [("first try", "", False)] == [(line["left"], line["right"], line["is_same"]) for line in page["lines"]]


def test_a_child_knows_who_stands_beside_it(ask, runs):
    run = runs["failed"]
    page = ask(f"/task-runs/{run.task_run_id(6)}.json").data

    assert {"parent": 2, "before": 5, "next": 7} == {
        name: next(n for n in range(20) if str(run.task_run_id(n)) == identity)
        for name, identity in page["siblings"].items()
    }
    assert "extract-1" == page["upstream"][0]["slug"]


def test_the_past_is_shown_as_it_was(ask, runs):
    page = ask(f"/flow-runs/{runs['failed'].id}.json?at=2500").data

    assert {"extract-1": "Retrying", "fetch-1": "Pending", "parse-1": "Pending", "load-1": "Pending"} == {
        bar["slug"]: bar["state"] for bar in page["gantt"]["bars"]
    }


def test_children_are_a_matrix(ask, runs):
    data = ask(f"/parts/matrix/{runs['failed'].id}.json?task=fetch-1").data

    assert ["Success", "Success", "Failed"] == [data["names"][str(code)] for code in data["states"]]
    assert [1.0, 1.0, 1.0] == data["seconds"]


def test_a_question_is_answered_and_shown_as_graphql(ask, runs):
    where = '{"flow_run": {"name": {"_eq": "brisk-otter"}}, "phase": {"_eq": "bad"}}'
    page = ask("/query.json", params={"where": where, "fields": "task.slug state", "order": "-end_time"}).data

    assert ["load-1", "TriggerFailed"] == page["cells"][0]
    assert 'flow_run: {name: {_eq: "brisk-otter"}}' in page["copies"][0]["text"]


@pytest.mark.parametrize(
    ("expected", "where"),
    [
        ("Did you mean 'state'", '{"stat": {"_eq": 1}}'),
        ("no comparison", '{"state": {"_is": 1}}'),
        ("an object", "[]"),
        ("levels deep", '{"_not": ' * 40 + "{}" + "}" * 40),
        ("no JSON", "{"),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(ask, runs, expected, where):
    answer = ask("/query.json", params={"where": where})

    assert 400 == answer.status
    assert expected in answer.data["why"]


def test_graphql_is_answered_as_a_table(ask, runs):
    query = (
        '{ task_run(where: {flow_run: {name: {_eq: "brisk-otter"}}, state: {_eq: "Failed"}}) { state task { slug } } }'
    )
    page = ask("/query/graphql.json", params={"query": query}).data

    assert (["state", "task.slug"], [["Failed", "fetch-1"]]) == (page["columns"], page["cells"])


def test_graphql_that_cannot_be_answered_says_why(ask, runs):
    answer = ask("/query/graphql.json", params={"query": "{ task_runs { id } }"})

    assert 400 == answer.status
    assert "Did you mean 'task_run'" in answer.data["why"]


def test_the_log_is_paged_backwards(ask, runs):
    newest = ask("/events.json").data
    older = ask(f"/events.json{newest['older']}").data

    assert newest["last"] == newest["events"][0]["cursor"]
    assert older["events"][0]["cursor"] == newest["events"][-1]["cursor"] - 1


def test_words_to_complete_with_come_from_the_record(ask, runs):
    data = ask("/parts/words.json").data

    assert {"etl", "states"} == set(data["values"]["flow"])
    assert "fetch-1" in data["values"]["task"]


def test_preferences_are_kept_in_cookies_and_lead_back(ask):
    own = {"Origin": "http://127.0.0.1"}
    answer = ask("/preferences", method="POST", data={"theme": "dark", "back": "settings"}, headers=own)

    assert (303, "/settings") == (answer.status, answer.headers["location"])
    assert "runwright_theme=dark" in answer.headers["set-cookie"]
    elsewhere = ask("/preferences", method="POST", data={"back": "//evil.example/x"}, headers=own)
    assert "/" == elsewhere.headers["location"]


def test_writes_come_from_our_own_pages_only(ask):
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {}, {"Sec-Fetch-Site": "cross-site"}):
        assert 403 == ask("/preferences", method="POST", data={"theme": "dark"}, headers=headers).status


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil"])
def test_a_foreign_name_is_not_answered(ask, host):
    assert 421 == ask("/task-runs", host=host).status


def test_the_dark_theme_is_chosen_before_any_script_runs(ask):
    assert 'data-theme="dark"' in ask("/settings", headers={"Cookie": "runwright_theme=dark"}).text


def test_times_follow_the_zone_of_the_reader(ask, runs):
    text = ask(f"/task-runs/{runs['failed'].task_run_id(1)}", headers={"Cookie": "runwright_zone=Asia/Tokyo"}).text

    assert "22:30:0" in text  # 13:30 in UTC


def test_pages_stand_below_any_path(store, runs):
    import asyncio

    import httpx
    from starlette.applications import Starlette
    from starlette.routing import Mount
    from tests.unit.ui.conftest import Answer

    from runwright.ui.application import pages

    app = Starlette(routes=[Mount("/ui", pages(store, hosts=None))])

    async def send():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://any.example") as client:
            return await client.get("/ui/task-runs")

    answer = asyncio.run(send())
    found = Answer(answer.status_code, answer.text, answer.headers)
    assert 200 == found.status
    assert re.search('href="/ui/static/[0-9a-f]{12}/styles.css"', found.text)
    assert 'href="/ui/task-runs/' in found.text


def test_a_twin_is_json_even_for_what_json_cannot_say(ask, store):
    from tests.ui.records import fill_hostile

    run = fill_hostile(store)

    assert msgspec.json.decode(ask(f"/flow-runs/{run.id}.json?tab=logs").text)["run"]["state"] == "Failed"


@pytest.mark.parametrize(
    "search", ["", "flow:etl state:failed", "run:brisk-otter tag:t-a map_index:1", "after:9000d before:1h"]
)
def test_a_copied_search_finds_the_same_elsewhere(ask, runs, store, monkeypatch, capsys, search):
    from runwright.cli.main import main

    monkeypatch.setattr("runwright.open_records.open_record", lambda *_, **__: store)
    page = ask("/task-runs.json", params={"q": search, "limit": "500"}).data
    copies = {copy["place"]: copy["text"] for copy in page["copies"]}
    names: dict = {}
    exec(copies["Python"], names)  # noqa: S102  what a reader would paste
    import shlex

    main([*shlex.split(copies["Command line"])[1:], "--json", "--limit", "0"])
    listed = msgspec.json.decode(capsys.readouterr().out)
    address = ask(f"/{copies['REST']}").data

    shown = [row["id"] for row in page["rows"]]
    assert shown == [str(row.id) for row in names["rows"]]
    assert shown == [row["id"] for row in listed]
    assert shown[:100] == [row["id"] for row in address["rows"]]
    assert copies["GraphQL"].startswith("query {")


def test_two_runs_are_compared_task_by_task(ask, runs, store):
    first = store.flow_runs(FlowRunFilter(name="early-bird-2"))[0]

    page = ask(f"/flow-runs/{runs['failed'].id}.json", params={"tab": "compare", "with": str(first.id)}).data[
        "comparison"
    ]

    assert "early-bird-2" == page["left"]["name"]
    assert {"extract-1": 0.0, "fetch-1": 0.0, "parse-1": 0.0, "load-1": None} == {
        pair["slug"]: pair["more"] for pair in page["pairs"]
    }
    assert ["day", "count"] == [each["name"] for each in page["parameters"]]


def test_a_run_is_compared_with_the_one_before_unless_told_otherwise(ask, runs):
    page = ask(f"/flow-runs/{runs['failed'].id}.json?tab=compare").data["comparison"]

    fetch = next(pair for pair in page["pairs"] if pair["slug"] == "fetch-1")
    assert ("busy-bee", "Running", "Failed", True) == (
        page["left"]["name"], fetch["left"]["state"], fetch["right"]["state"], fetch["differs"],
    )  # fmt: skip


def test_a_saved_page_needs_nothing_else(ask, runs):
    answer = ask(f"/flow-runs/{runs['failed'].id}?tab=graph&save=page")

    assert 'attachment; filename="brisk-otter.html"' == answer.headers["content-disposition"]
    assert "<style>" in answer.text
    assert ".st-Failed" in answer.text
    assert [] == [sign for sign in ("<script", "<link", "<rw-live") if sign in answer.text]
    assert f'href="http://127.0.0.1/flow-runs/{runs["failed"].id}' in answer.text


def test_the_name_of_a_saved_page_is_harmless(ask, store):
    from tests.ui.records import fill_hostile

    run = fill_hostile(store)

    header = ask(f"/flow-runs/{run.id}?save=page").headers["content-disposition"]
    assert 2 == header.count('"')
    assert header.isascii()
    assert not {"<", "/", ";;", "\n"} & set(header.removeprefix("attachment;"))


def test_styles_and_scripts_are_asked_for_once_until_they_change(ask):
    named = re.findall('(?:href|src)="(/static/[0-9a-f]{12}/[a-z.]+)"', ask("/task-runs").text)

    answers = [ask(address) for address in named]

    assert 3 == len(answers)
    assert {(200, "public, max-age=31536000, immutable")} == {
        (each.status, each.headers["cache-control"]) for each in answers
    }
    assert "no-cache" == ask("/static/frame.css").headers["cache-control"]
