"""What pages do in a browser: keys, completion, live updates that move nothing, the past, and reading without scripts."""

from __future__ import annotations

from contextlib import closing

import pytest
from tests.ui.conftest import served
from tests.ui.records import fill_normal
from tests.unit.backend.recorded import RecordedRun

from runwright.stores import open_store


@pytest.fixture
def growing(home, tmp_path):
    """Return a site of its own, whose record a test may add to."""
    with (
        closing(open_store(f"sqlite:///{tmp_path}/record.db", synchronous="NORMAL")) as store,
        served(store, fill_normal(store)) as site,
    ):
        yield site


def focused(page):
    return page.evaluate("document.activeElement.textContent.trim()")


def test_a_task_run_is_found_and_opened_with_the_keyboard_alone(normal, visit):
    visitor = visit()
    page = visitor.page
    visitor.go(f"{normal.url}/task-runs")

    page.keyboard.press("/")
    page.keyboard.type("sta")
    page.wait_for_selector("#q-list li")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.type("TriggerF")
    page.wait_for_selector("#q-list li:has-text('TriggerFailed')")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.type("run:brisk-otter")
    page.keyboard.press("Enter")
    page.wait_for_url("**/task-runs?q=*TriggerFailed*")
    assert "state:TriggerFailed run:brisk-otter" == page.input_value("#q")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    name = focused(page)
    page.keyboard.press("Enter")
    page.wait_for_selector("h1")
    page.wait_for_url("**/task-runs/*-*")
    assert name == page.inner_text("h1")
    page.keyboard.press("l")
    page.wait_for_url("**tab=logs*")
    page.keyboard.press("g")
    page.keyboard.press("f")
    page.wait_for_url("**/flow-runs")
    assert [] == visitor.problems


def test_the_sheet_of_keys_opens_closes_and_gives_focus_back(normal, visit):
    visitor = visit()
    page = visitor.page
    visitor.go(f"{normal.url}/settings")
    page.focus("[data-keys]")

    page.keyboard.press("?")
    page.wait_for_selector("#keys[open]")
    assert [] == visitor.axe()
    page.keyboard.press("Escape")

    assert page.evaluate("!document.getElementById('keys').open")
    assert page.evaluate("document.activeElement.matches('[data-keys]')")


def test_attempts_are_walked_with_brackets(normal, visit):
    visitor = visit()
    page = visitor.page
    visitor.go(f"{normal.url}/task-runs/{normal.runs['failed'].task_run_id(1)}")

    page.keyboard.press("]")
    page.wait_for_url("**/attempts/1*")
    page.keyboard.press("]")
    page.wait_for_url("**/attempts/2*")
    page.keyboard.press("[")
    page.wait_for_url("**/attempts/1*")


def test_live_rows_change_in_place_and_new_ones_wait_behind_a_pill(growing, visit):
    visitor = visit()
    page = visitor.page
    visitor.go(f"{growing.url}/task-runs")
    running = growing.runs["running"]
    row = f"#r{running.task_run_id(6)}"
    page.focus(f"{row} a")
    page.evaluate("scrollTo(0, 150)")
    before = page.evaluate("[document.querySelector('#rows').rows.length, scrollY]")
    first = page.get_attribute("#rows tr", "id")

    running.put(6, "Success").commit()
    fresh = RecordedRun(growing.store, "late-riser", start=running.at + 10**12).start()
    fresh.succeed(1).commit()
    page.wait_for_selector(".pill")

    assert "Success" == page.inner_text(f"{row} .state")
    assert before == page.evaluate("[document.querySelector('#rows').rows.length, scrollY]")
    assert first == page.get_attribute("#rows tr", "id")
    assert page.evaluate(f"document.activeElement === document.querySelector('{row} a')")
    page.click(".pill")
    page.wait_for_selector(f"#r{fresh.task_run_id(1)}")
    assert [] == visitor.problems


def test_a_live_page_of_a_flow_run_keeps_selection_and_open_parts(growing, visit):
    visitor = visit()
    page = visitor.page
    running = growing.runs["running"]
    visitor.go(f"{growing.url}/flow-runs/{running.id}?select=fetch-1")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('h1'))")

    running.put(7, "Failed", message="no such page").commit()
    page.wait_for_selector("#summary .state:has-text('Failed')")

    assert "busy-bee" == page.evaluate("getSelection().toString()")
    assert "fetch-1" == page.inner_text("#side h2")


def test_live_updates_pause_and_go_on(growing, visit):
    visitor = visit()
    page = visitor.page
    running = growing.runs["running"]
    visitor.go(f"{growing.url}/flow-runs/{running.id}")
    page.wait_for_selector("rw-live[data-is=live]")

    page.keyboard.press(".")
    page.wait_for_selector("rw-live[data-is=paused]")
    running.put(7, "Failed", message="no such page").commit()
    page.wait_for_timeout(2_500)  # longer than a live page takes
    assert 0 == page.locator("#summary .state:has-text('Failed')").count()
    page.keyboard.press(".")
    page.wait_for_selector("#summary .state:has-text('Failed')")


def test_a_tab_that_nobody_looks_at_holds_no_connection_and_catches_up(growing, visit):
    """A browser keeps six connections to one server, whatever the number of its tabs."""
    visitor = visit()
    page = visitor.page
    page.add_init_script(
        "window.sources = []; const Known = EventSource;"
        "window.EventSource = class extends Known { constructor(url) { super(url); sources.push(this); } };"
    )
    turn = (
        "(isHidden) => {{ Object.defineProperty(document, 'hidden', {{ value: isHidden, configurable: true }}); {} }}"
    )
    show = turn.format("document.dispatchEvent(new Event('visibilitychange'));")
    running = growing.runs["running"]
    visitor.go(f"{growing.url}/flow-runs/{running.id}")
    page.wait_for_selector("rw-live[data-is=live]")

    page.evaluate(show, True)
    assert [2] == page.evaluate("sources.map((each) => each.readyState)")
    running.put(7, "Failed", message="no such page").commit()
    page.evaluate(show, False)
    page.wait_for_selector("#summary .state:has-text('Failed')")

    assert [2, 1] == page.evaluate("sources.map((each) => each.readyState)")
    assert [] == visitor.problems


def test_a_server_that_is_gone_leaves_the_page_as_it_was(home, tmp_path, visit):
    visitor = visit()
    with closing(open_store(f"sqlite:///{tmp_path}/record.db", synchronous="NORMAL")) as store:
        with served(store, fill_normal(store)) as site:
            visitor.go(f"{site.url}/task-runs")
            visitor.page.wait_for_selector("rw-live[data-is=live]")
            rows = visitor.page.locator("#rows tr").count()
        visitor.page.wait_for_selector("rw-live[data-is=lost]")

        visitor.page.wait_for_selector("#trouble:has-text('The server does not answer')")

    assert rows == visitor.page.locator("#rows tr").count()
    assert "No answer" == visitor.page.inner_text("rw-live")


def test_a_record_whose_file_is_moved_while_it_is_shown_is_told_of(growing, visit, tmp_path):
    visitor = visit()
    page = visitor.page
    visitor.go(f"{growing.url}/task-runs")
    page.wait_for_selector("rw-live[data-is=live]")
    rows = page.locator("#rows tr").count()

    (tmp_path / "record.db").rename(tmp_path / "moved.db")
    page.wait_for_selector("#gone [role=alert]:has-text('was moved or deleted')")
    assert [] == visitor.axe()
    (tmp_path / "moved.db").rename(tmp_path / "record.db")
    page.wait_for_selector("#gone [role=alert]", state="detached")

    assert rows == page.locator("#rows tr").count()


def test_what_is_deleted_while_it_is_shown_stays_and_the_page_says_so(growing, visit):
    visitor = visit()
    page = visitor.page
    run = growing.runs["failed"]
    visitor.go(f"{growing.url}/flow-runs/{run.id}")
    page.wait_for_selector("rw-live[data-is=live]")

    growing.store.purge([run.id])
    growing.runs["running"].put(6, "Success").commit()
    page.wait_for_selector("#trouble:has-text('Not on this record')")

    assert run.name == page.inner_text("h1")
    assert [] == visitor.axe()


def test_the_past_is_reached_by_the_keyboard_and_left_again(normal, visit):
    visitor = visit()
    page = visitor.page
    visitor.go(f"{normal.url}/flow-runs/{normal.runs['failed'].id}")

    page.focus("#at")
    page.keyboard.press("Home")
    page.wait_for_url("**at=0*")
    assert "You look at the past" in page.inner_text(".past")
    page.click("text=Back to now")
    page.wait_for_url(lambda url: "at=" not in url)


def test_the_past_is_played_to_its_end_in_place(normal, visit):
    visitor = visit(reduced_motion="no-preference")
    page = visitor.page
    visitor.go(f"{normal.url}/flow-runs/{normal.runs['failed'].id}?at=1")
    page.evaluate("window.isSamePage = true")
    page.evaluate("document.getElementById('at').value = document.getElementById('at').max * 0.96")

    page.click("button:text('Play')")
    page.wait_for_selector("#said:has-text('Played to the end')", state="attached")

    assert page.evaluate("window.isSamePage")
    assert "at=" not in page.url
    assert 0 == page.locator(".past").count()
    assert "Play" == page.inner_text("rw-scrubber button >> nth=1")
    assert [] == visitor.problems


def test_who_wants_less_motion_steps_and_does_not_play(normal, visit):
    visitor = visit()
    visitor.go(f"{normal.url}/flow-runs/{normal.runs['failed'].id}")

    assert ["Step"] == visitor.page.locator("rw-scrubber button").all_inner_texts()


def test_columns_are_chosen_with_the_keyboard(normal, visit):
    visitor = visit()
    page = visitor.page
    visitor.go(f"{normal.url}/task-runs?q=flow:etl")

    page.focus("summary:text('Columns')")
    page.keyboard.press("Enter")
    page.focus("input[name=columns][value=worker]")
    page.keyboard.press("Space")
    assert [] == visitor.axe()
    page.keyboard.press("Enter")
    page.wait_for_selector("th:text('Worker')")

    assert "flow:etl" == page.input_value("#q")
    assert [] == visitor.axe()


def test_arrow_keys_walk_along_the_arrows_of_a_graph(normal, visit):
    visitor = visit()
    page = visitor.page
    visitor.go(f"{normal.url}/flow-runs/{normal.runs['failed'].id}?tab=graph")

    page.focus("a.node[data-slug='extract-1']")
    page.keyboard.press("ArrowDown")

    assert "fetch-1" == page.evaluate("document.activeElement.dataset.slug")
    assert "downstream 1 of 2: fetch-1" == page.inner_text("#said")


def test_the_matrix_tells_its_cells_and_brushes_a_range(large, visit):
    visitor = visit()
    page = visitor.page
    visitor.go(f"{large.url}/flow-runs/{large.runs['wide'].id}?tab=matrix")
    page.wait_for_selector("rw-matrix canvas")

    page.focus("rw-matrix canvas")
    page.keyboard.press("ArrowRight")
    assert "index 1: Success, attempt 1, 300µs" == page.inner_text("rw-matrix .told span")
    page.keyboard.press("Shift+ArrowDown")
    page.click("rw-matrix .told a")
    page.wait_for_selector("#rows tr")

    assert "map_index:>=1 map_index:<=101" in page.input_value("#q")
    assert "101" == page.inner_text(".figure strong")


def test_a_query_is_completed_asked_and_answered_with_the_keyboard(normal, visit):
    visitor = visit()
    page = visitor.page
    visitor.go(f"{normal.url}/query/graphql")
    page.fill("#query", "")
    page.focus("#query")

    page.keyboard.type("{ task_r")
    page.wait_for_selector("#query-list li")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.type("(limit: 2) { flow_run { na")
    page.wait_for_selector("#query-list li:has-text('name')")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.type(" } } }")
    assert "{ task_run(limit: 2) { flow_run { name } } }" == page.input_value("#query")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("th:has-text('flow_run.name')")

    assert 2 == page.locator("table tbody tr").count()
    assert [] == visitor.axe()
    assert [] == visitor.problems


def test_what_is_copied_is_what_is_shown(normal, visit):
    visitor = visit(permissions=["clipboard-read", "clipboard-write"])
    page = visitor.page
    visitor.go(f"{normal.url}/task-runs?q=state:failed")

    page.keyboard.press("c")
    page.click("section.copy:has-text('Command line') button")
    page.wait_for_selector("text=Copied")

    assert page.evaluate("navigator.clipboard.readText()").startswith("runwright tr ls --state Failed,")


def test_preferences_change_the_page_and_stay(normal, visit):
    visitor = visit()
    page = visitor.page
    visitor.go(f"{normal.url}/settings")

    page.check("input[value=dark]")
    page.select_option("#zone", "Asia/Tokyo")
    page.click("text=Keep")
    page.wait_for_selector("html[data-theme=dark]")
    visitor.go(f"{normal.url}/task-runs/{normal.runs['failed'].task_run_id(1)}")

    assert "dark" == page.get_attribute("html", "data-theme")
    assert page.inner_text(".steps time >> nth=0").startswith("21 Nov")
    assert "22:30" in page.inner_text(".steps time >> nth=0")
    assert [] == visitor.axe()


@pytest.mark.parametrize(
    "path", ["/task-runs", "/flow-runs", "/flow-runs/RUN", "/flow-runs/RUN?tab=graph", "/task-runs/TASK", "/events"]
)
def test_pages_are_read_without_scripts(normal, visit, path):
    run = normal.runs["failed"]
    visitor = visit(java_script_enabled=False)

    visitor.page.goto(normal.url + path.replace("RUN", str(run.id)).replace("TASK", str(run.task_run_id(1))))

    assert visitor.page.locator("main h1").count()
    assert visitor.page.locator("main .mark").count()
    assert [] == visitor.problems


def test_forms_work_without_scripts(normal, visit):
    visitor = visit(java_script_enabled=False)
    page = visitor.page
    page.goto(f"{normal.url}/task-runs")

    page.fill("#q", "run:brisk-otter state:failed")
    page.click("button:text('Search')")
    page.click("#rows a >> nth=0")
    page.click("nav.tabs >> text=Attempts")

    assert page.url.endswith("tab=attempts")


def test_a_saved_page_looks_the_same_from_a_file(normal, visit, tmp_path):
    visitor = visit(scheme="dark")
    page = visitor.page
    visitor.go(f"{normal.url}/task-runs/{normal.runs['failed'].task_run_id(1)}")
    shown = page.evaluate("getComputedStyle(document.querySelector('.panel')).backgroundColor")

    with page.expect_download() as download:
        page.click("text=Save page")
    download.value.save_as(tmp_path / "kept.html")
    page.goto((tmp_path / "kept.html").as_uri())

    assert "extract-1.html" == download.value.suggested_filename
    assert shown == page.evaluate("getComputedStyle(document.querySelector('.panel')).backgroundColor")
    assert 5 == page.locator(".steps > li").count()
    assert [] == visitor.problems


@pytest.mark.parametrize("width", [1260, 1440])
def test_long_names_leave_every_column_of_the_list_in_sight(hostile, visit, width):
    visitor = visit(width=width)
    visitor.go(f"{hostile.url}/task-runs")

    hidden = "(box) => box.scrollWidth - box.clientWidth"
    assert 0 == visitor.page.locator("main .scroll").evaluate(hidden)
    assert visitor.page.locator("th:has-text('Message')").is_visible()


def test_a_narrow_list_says_the_state_in_a_word_too(normal, visit):
    visitor = visit(width=390)
    visitor.go(f"{normal.url}/task-runs?q=state:timedout")

    assert "TimedOut" in visitor.page.locator("#rows .nearest").first.inner_text()


def test_on_a_telephone_rows_are_seen_at_once_and_the_rest_unfolds(normal, visit):
    visitor = visit(width=390)
    page = visitor.page
    visitor.go(f"{normal.url}/task-runs")

    tops = page.locator("#rows tr").evaluate_all("(rows) => rows.map((row) => row.getBoundingClientRect().bottom)")
    assert 3 <= sum(bottom < 664 for bottom in tops)  # what a telephone shows below its own bars
    assert [False, False] == [page.is_visible(f"text={words}") for words in ("Median", "Columns")]
    page.click("summary:text('How long they took')")
    page.click("summary:text('Group, order')")

    assert [True, True] == [page.is_visible(f"text={words}") for words in ("Median", "Columns")]
    assert [] == visitor.axe()


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_wide_page_folds_nothing_away(normal, visit, has_scripts):
    page = visit(java_script_enabled=has_scripts).page
    page.goto(f"{normal.url}/task-runs")

    assert page.is_visible("text=Median")
    assert page.is_visible("text=Columns")
    assert not page.is_visible("summary:text('How long they took')")


def test_flow_and_flow_run_are_both_told_in_their_column(growing, visit):
    long = RecordedRun(growing.store, f"run-{'of-many-' * 9}", flow=f"flow-{'from-a-path-' * 9}").start()
    long.succeed(1).commit()
    visitor = visit(width=1440)
    visitor.go(f"{growing.url}/task-runs")

    shown = visitor.page.locator("#rows .pair").evaluate_all(
        "(pairs) => pairs.map((pair) => [...pair.querySelectorAll('bdi')].map((each) => [each.clientWidth, each.scrollWidth]))"
    )
    cut = [pair for pair in shown if any(room < wanted for room, wanted in pair)]
    rooms = {tuple(room for room, _ in pair) for pair in cut}

    assert 1 == len(rooms)
    assert all(100 < flow < flow_run + 10 < flow + 20 for flow, flow_run in rooms)
