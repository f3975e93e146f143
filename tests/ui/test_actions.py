"""Actions in a browser, on a server with a worker: by keyboard, by mouse, without scripts, and when the server is gone."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from contextlib import closing, contextmanager, suppress
from uuid import UUID

import pytest
import uvicorn
from tests.ui.test_every_page import BOTH, problems_of

from runwright import app as assembly
from runwright.errors import LeaseHeld
from runwright.executions.declared_flow import DeclaredFlow
from runwright.executions.registered_flows import registered
from runwright.executions.runner import ExecutionRunner
from runwright.server.app import create_app
from runwright.server.context import ServerOptions
from runwright.stores import open_store
from runwright.views import FlowRunFilter, TaskRunFilter
from runwright.worker import Worker

BROKEN = """\
id: broken
namespace: team
tasks:
  - {id: first, type: io.kestra.plugin.core.debug.Return, format: one}
  - {id: second, type: io.kestra.plugin.core.execution.Fail}
"""
ASKING = """\
id: asking
namespace: team
inputs: [{id: who, type: STRING}, {id: size, type: SELECT, values: [small, large], defaults: small}]
triggers: [{id: nightly, type: io.kestra.plugin.core.trigger.Schedule, cron: "0 3 * * *"}]
tasks:
  - {id: wait, type: io.kestra.plugin.core.flow.Pause, onResume: [{id: count, type: INT}]}
  - {id: last, type: io.kestra.plugin.core.debug.Return, format: "{{ outputs.wait.onResume.count }}"}
"""


class Desk:
    """A server with a worker: its address, its record, and what a test puts on that."""

    def __init__(self, store, url):
        self.store = store
        self.url = url

    def create(self, text, **inputs):
        """Record an execution and return its id."""
        flow = registered(self.store, DeclaredFlow.from_text(text))
        return ExecutionRunner(flow, record=self.store.url).create(inputs)

    def failed(self):
        """Return an execution that failed."""
        flow_run, cursor = self.create(BROKEN), 0
        with suppress(LeaseHeld):  # the worker was faster
            assembly.resume_flow_run(flow_run, record=self.store.url)
        while self.state(flow_run) != "Failed":
            cursor = self.store.await_events(cursor, 1)
        return flow_run

    def state(self, flow_run):
        """Return the state of a flow run."""
        return self.store.flow_runs(FlowRunFilter(id=flow_run))[0].kind.name

    def task_run(self, flow_run, slug):
        """Return a task run."""
        return self.store.task_runs(TaskRunFilter(flow_run=flow_run, task=slug))[0]

    def tried_again(self, flow_run, slug):
        """Return a task run once its second attempt has ended: who asks for that is answered before."""
        cursor = 0
        while (found := self.task_run(flow_run, slug)).attempt == 1 or not found.kind.phase.is_final:
            cursor = self.store.await_events(cursor, 1)
        return found

    def newest(self, flow):
        """Return the newest run of a flow."""
        return self.store.flow_runs(FlowRunFilter(flow=flow, limit=1))[0]


@contextmanager
def serving(store, worker):
    """Serve a record from a thread of this process."""
    application = create_app(store, options=ServerOptions(worker=worker, poll_seconds=0.05))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/ui"
        config = uvicorn.Config(application, log_level="error", timeout_graceful_shutdown=1, log_config=None)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield Desk(store, url)
        finally:
            application.state.context.stop()
            server.should_exit = True
            thread.join(10)


@pytest.fixture(scope="module")
def desk(home):
    store = assembly.open_record(f"sqlite:///{home}/acting.db")
    worker = Worker(store).start()
    with serving(store, worker) as desk:
        yield desk
    worker.stop()


@contextmanager
def written_to_elsewhere(file):
    """Keep a record locked by another process, as one does that writes for long."""
    text = "import apsw, sys; db = apsw.Connection(sys.argv[1]); db.setbusytimeout(10_000); db.execute('BEGIN IMMEDIATE'); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", text, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        try:
            yield
        finally:
            process.communicate(b"\n")


def sent(page):
    """Wait until the dialog has done what it was for."""
    page.wait_for_selector("#asking:not([open])", state="attached")


def test_what_failed_is_restarted_by_keyboard_and_focus_goes_back(desk, visit):
    flow_run = desk.failed()
    visitor = visit()
    page = visitor.page
    visitor.go(f"{desk.url}/flow-runs/{flow_run}")

    page.keyboard.press("r")
    page.wait_for_selector("#asking[open] button.main:focus")
    assert [] == visitor.axe()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.act") == "restart"
    page.keyboard.press("r")
    page.wait_for_selector("#asking[open] button.main:focus")
    page.keyboard.press("Enter")
    sent(page)
    page.wait_for_selector("#said:text-is('It is restarted.')", state="attached")
    page.wait_for_selector("#lead .st-Failed")

    assert 2 == desk.tried_again(flow_run, "second").attempt
    assert 1 == desk.task_run(flow_run, "first").attempt
    assert [] == visitor.problems


def test_a_task_run_is_marked_with_the_mouse_and_its_execution_goes_on(desk, visit):
    flow_run = desk.failed()
    visitor = visit(scheme="dark")
    page = visitor.page
    visitor.go(f"{desk.url}/task-runs/{desk.task_run(flow_run, 'second').id}")

    page.click("text=Mark as")
    page.select_option("#asking select", "Success")
    assert [] == visitor.axe()
    page.click("#asking button.main")
    sent(page)
    page.wait_for_selector("#lead .st-Success")

    assert "Success" == desk.task_run(flow_run, "second").kind.name
    assert [] == visitor.problems


def test_a_flow_is_started_and_its_pause_resumed_with_the_keyboard(desk, visit):
    desk.create(ASKING, who="nobody")
    visitor = visit()
    page = visitor.page
    visitor.go(f"{desk.url}/flows/team%2Fasking")

    page.keyboard.press("r")
    page.wait_for_selector("#asking[open] input:focus")
    page.keyboard.type("Ann")
    page.keyboard.press("Enter")
    page.wait_for_url("**/flow-runs/*did=run")
    flow_run = UUID(page.url.rpartition("/")[2].partition("?")[0])
    page.wait_for_selector("#lead .st-Paused")
    page.keyboard.press("u")
    page.wait_for_selector("#asking[open] input:focus")
    page.keyboard.type("many")
    page.evaluate("document.querySelector('#asking form').noValidate = true")
    page.evaluate("document.querySelector('#asking input[type=number]').type = 'text'")
    page.fill("#asking input:not([type=hidden])", "many")
    page.keyboard.press("Enter")
    page.wait_for_selector("#asking [aria-invalid]:focus")
    assert [] == visitor.axe()
    page.fill("#asking [aria-invalid]", "3")
    page.keyboard.press("Enter")
    sent(page)
    page.wait_for_selector("#lead .st-Success")

    assert "Success" == desk.state(flow_run)
    assert {"who": "Ann", "size": "small"} == desk.store.flow_runs(FlowRunFilter(id=flow_run))[0].parameters
    assert [] == [each for each in visitor.problems if "status of 422" not in each]


def test_what_cannot_be_done_says_why_to_everybody(desk, visit):
    flow_run = desk.failed()
    visitor = visit()
    page = visitor.page
    visitor.go(f"{desk.url}/flow-runs/{flow_run}")

    page.keyboard.press("K")
    assert "kill" == page.evaluate("document.activeElement.dataset.act")
    assert page.is_visible("#why-kill")
    assert "It has ended: it is Failed." == page.inner_text("#said")
    assert [] == visitor.axe()
    page.hover("[data-act=pause]")
    assert page.is_visible("#why-pause")


def test_everything_works_without_scripts(desk, visit):
    flow_run = desk.create(ASKING, who="Bea")
    page = visit(java_script_enabled=False).page
    page.goto(f"{desk.url}/flow-runs/{flow_run}")

    page.click("[data-act=kill]")
    page.click("button.danger")

    assert "It was asked to die." == page.inner_text(".done")
    assert "Killed" == desk.state(flow_run)


def test_rows_are_chosen_with_the_keyboard_and_restarted(desk, visit):
    first, other = desk.failed(), desk.failed()
    visitor = visit()
    page = visitor.page
    visitor.go(f"{desk.url}/task-runs?q=state:failed%20run:{other}")

    page.keyboard.press("j")
    page.keyboard.press("x")
    assert "1 chosen" == page.inner_text("rw-choose").strip()
    page.keyboard.press("r")
    page.wait_for_selector("#asking[open] button.main:focus")
    assert [] == visitor.axe()
    page.keyboard.press("Enter")
    page.wait_for_url("**/bulk-actions/*")
    page.wait_for_selector("#lead .st-Success")
    page.wait_for_selector("#summary :text('done 1')")

    assert [] == visitor.axe()
    assert 2 == desk.tried_again(other, "second").attempt
    assert 1 == desk.task_run(first, "second").attempt
    assert [] == visitor.problems


def test_a_key_in_a_list_acts_on_the_row_that_has_the_focus_and_on_none_without_one(desk, visit):
    flow_run = desk.failed()
    visitor = visit()
    page = visitor.page
    visitor.go(f"{desk.url}/task-runs?q=state:failed%20run:{flow_run}")

    page.keyboard.press("m")
    page.wait_for_selector("#asking[open]:has-text('Nothing is chosen')")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("m")
    page.wait_for_selector("#asking[open]:has-text('Mark as: 1 task run')")
    page.select_option("#asking select", "Warning")
    page.focus("#asking button.main")
    page.keyboard.press("Enter")
    page.wait_for_url("**/bulk-actions/*")
    page.wait_for_selector("#summary :text('done 1')")

    assert "Warning" == desk.task_run(flow_run, "second").kind.name
    assert [] == [each for each in visitor.problems if "status of 422" not in each]


def test_rows_that_are_chosen_are_exported_by_keyboard(desk, visit):
    flow_run = desk.failed()
    visitor = visit()
    page = visitor.page
    visitor.go(f"{desk.url}/task-runs?q=run:{flow_run}")

    page.keyboard.press("j")
    page.keyboard.press("x")
    page.focus("summary:text('Export')")
    page.keyboard.press("Enter")
    page.focus("button[form=bulk]:has-text('JSON lines')")
    with page.expect_download() as download:
        page.keyboard.press("Enter")

    assert "task-runs.jsonl" == download.value.suggested_filename
    assert 1 == len(download.value.path().read_text().splitlines())
    assert [] == visitor.problems


def test_on_a_telephone_what_can_be_done_unfolds_when_a_row_is_chosen(desk, visit):
    flow_run = desk.failed()
    visitor = visit(width=390, scheme="dark")
    page = visitor.page
    visitor.go(f"{desk.url}/task-runs?q=state:failed%20run:{flow_run}")
    assert not page.is_visible("#bulk-action")

    page.check("#rows input >> nth=0")
    page.select_option("#bulk-action", "mark")
    page.click("#bulk button >> nth=0")
    page.wait_for_selector("#asking[open] button.main")
    assert [] == visitor.axe()
    page.click("#asking button.main")
    page.wait_for_url("**/bulk-actions/*")
    page.wait_for_selector("#summary :text('done 1')")

    assert "Success" == desk.task_run(flow_run, "second").kind.name
    assert [] == visitor.problems


def test_all_that_match_are_marked_without_scripts_and_views_are_kept(desk, visit):
    flow_runs = [desk.failed() for _ in range(2)]
    page = visit(java_script_enabled=False).page
    page.goto(f"{desk.url}/task-runs?q=task:second%20state:failed")

    page.click("summary:text('Save view')")
    page.fill("#view-name", "Broken seconds")
    page.click("button:text('Save')")
    page.goto(f"{desk.url}/task-runs")
    page.click("text=Broken seconds")
    page.select_option("#bulk-action", "mark")
    page.click("button[name=all]")
    page.select_option(".field select", "Success")
    page.click("button.main")
    page.wait_for_url("**/bulk-actions/*")
    while not page.locator("#lead .st-Success").count():
        page.reload()

    assert ["Success"] * 2 == [desk.task_run(each, "second").kind.name for each in flow_runs]


def test_a_record_that_another_process_writes_to_makes_an_action_wait_and_the_form_says_so(desk, visit):
    flow_run = desk.create(ASKING, who="Flo")
    visitor = visit()
    page = visitor.page
    visitor.go(f"{desk.url}/flow-runs/{flow_run}")
    page.click("[data-act=kill]")
    page.wait_for_selector("#asking[open] button.danger")

    with written_to_elsewhere(desk.store.url.removeprefix("sqlite:///")):
        page.click("#asking button.danger")
        page.wait_for_selector("#asking [role=status]:has-text('its record is busy')")
        assert [] == visitor.axe()
    sent(page)
    page.wait_for_selector("#lead .st-Killed")

    assert [] == visitor.problems


def test_a_server_that_is_gone_leaves_the_form_and_asks_once(home, tmp_path, visit):
    visitor = visit()
    page = visitor.page
    with closing(open_store(f"sqlite:///{tmp_path}/gone.db", synchronous="NORMAL")) as store:
        with serving(store, None) as desk:
            flow_run = desk.create(ASKING, who="Cy")
            visitor.go(f"{desk.url}/flow-runs/{flow_run}")
            page.click("[data-act=kill]")
            page.wait_for_selector("#asking[open] button.danger")
        page.click("#asking button.danger")
        page.wait_for_selector("#asking [role=alert]")

        assert "The server does not answer" in page.inner_text("#asking [role=alert]")
        assert page.is_enabled("#asking button.danger")
        assert "Pending" == desk.state(flow_run)


def test_a_bulk_action_is_stopped_by_keyboard_on_its_own_page(home, tmp_path, visit):
    visitor = visit()
    page = visitor.page
    with (
        closing(open_store(f"sqlite:///{tmp_path}/stopped.db", synchronous="NORMAL")) as store,
        serving(store, None) as desk,
    ):
        flow_run = desk.create(ASKING, who="Eve")
        visitor.go(f"{desk.url}/flow-runs")
        page.select_option("#bulk-action", "cancel")
        page.focus("#bulk button[name=all]")
        page.keyboard.press("Enter")
        page.wait_for_selector("#asking[open] button.danger:focus")
        page.keyboard.press("Enter")
        page.wait_for_url("**/bulk-actions/*")
        page.wait_for_selector("html.scripted", state="attached")

        page.keyboard.press("K")
        page.wait_for_selector("#asking[open] button.danger:focus")
        page.keyboard.press("Enter")
        sent(page)
        page.wait_for_selector("#lead .st-Killed")

        assert "/bulk-actions/" in page.url
        assert ("Killed", "Pending") == (desk.newest("runwright-bulk").kind.name, desk.state(flow_run))
        assert [] == visitor.problems


@pytest.mark.parametrize(("scheme", "width"), BOTH)
def test_forms_and_what_follows_from_them_are_pages(desk, visit, scheme, width):
    flow_run = desk.failed()
    desk.create(ASKING, who="Di")
    visitor = visit(scheme=scheme, width=width)
    addresses = [
        "/task-runs", "/flow-runs", "/workers", "/bulk-actions", f"/flow-runs/{flow_run}", f"/flow-runs/{flow_run}?tab=lineage",
        f"/task-runs/{desk.task_run(flow_run, 'second').id}", "/flows/team%2Fasking/actions/run",
        "/flows/team%2Fasking?tab=triggers", "/flows/team%2Fasking?tab=source", "/flows/team%2Fasking",
        f"/flow-runs/{flow_run}/actions/kill", f"/flow-runs/{flow_run}/actions/label",
    ]  # fmt: skip

    assert {} == {each: found for each in addresses if (found := problems_of(visitor, f"{desk.url}{each}"))}


@pytest.mark.parametrize(("scheme", "width"), BOTH)
def test_the_page_to_sign_in_is_styled_and_has_nothing_for_axe_to_find(desk, visit, scheme, width):
    visitor = visit(scheme=scheme, width=width)
    visitor.page.goto(desk.url.replace("/ui", "/sign-in"))

    assert [] == visitor.axe()
    assert [] == visitor.problems
    assert visitor.page.locator("main").bounding_box()["width"] < width


def test_a_task_run_is_tagged_by_keyboard_and_found_by_its_tag(desk, visit):
    flow_run = desk.failed()
    visitor = visit()
    page = visitor.page
    visitor.go(f"{desk.url}/task-runs/{desk.task_run(flow_run, 'second').id}")

    page.keyboard.press("t")
    page.wait_for_selector("#asking[open] input[name=give]:focus")
    assert [] == visitor.axe()
    page.keyboard.type("known bug")
    page.keyboard.press("Enter")
    sent(page)
    page.click("a.chip:has-text('known bug')")
    page.wait_for_selector(".runs tbody tr")

    assert 1 == page.locator(".runs tbody tr").count()
    assert ("known bug",) == desk.task_run(flow_run, "second").tags
    assert [] == visitor.problems
