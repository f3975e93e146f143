"""The small parts that pages are made of: words, bars, logs, previews, shapes, the end of the log."""

from __future__ import annotations

import base64
import re

import pytest

from runwright import ids
from runwright.events import LogLine
from runwright.result import ResultRef
from runwright.results import LocalResult
from runwright.runs import EdgeInfo, TaskInfo
from runwright.states import TABLE
from runwright.ui import dag, log_page, rows, shapes, shares, words
from runwright.ui.ask import Ask, Preferences
from runwright.ui.log_end import LogEnd
from runwright.ui.preview import preview_of
from runwright.ui.templating import marked, state

RUN = ids.new_flow_run_id(1)


def test_every_state_has_a_shape_and_a_colour_of_its_own():
    names = {kind.name for kind in TABLE}

    assert names == set(shapes.SHAPES)
    assert len(names) == len({shapes.SHAPES[name] for name in names})
    assert all(f".st-{name} {{" in shapes.style_sheet() for name in names)
    assert all(name in state(name) and 'class="mark"' in state(name) for name in names)
    assert len(names) == len(set(re.findall(r"mask-image: (.*);", shapes.style_sheet())))


@pytest.mark.parametrize(
    ("expected", "part", "whole"),
    [("w0", None, 8.0), ("w0", 0.0, 0.0), ("w0", 1.0, None), ("w2", 0.001, 8.0), ("w50", 4.0, 8.0), ("w100", 9.0, 8.0)],
)
def test_a_thin_bar_is_filled_by_a_class_that_is_in_the_style_sheet(expected, part, whole):
    assert expected == shares.share(part, whole)
    assert f".{expected} {{" in shares.style_sheet()


def test_the_pieces_of_a_bar_fill_it_and_none_is_too_small_to_see():
    parts = rows.bar({"Success": 99_999, "Failed": 1, "Skipped": 0})

    assert [("Success", 99_999), ("Failed", 1)] == [(part.state, part.count) for part in parts]
    assert 100.0 == pytest.approx(sum(part.width for part in parts), abs=0.01)
    assert 0.5 < parts[1].width


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        ("item \u2026 of \u2026 timed out", "item 31 of 'batch' timed out"),
        ("no file \u2026", "no file 01a1fe4c-b020-7741-a36c-000000000000\nTraceback"),
        ("", None),
        ("OSError('page \u2026 of \u2026 is gone')", "Error during execution of task: OSError('page 3 of 7 is gone')"),
        (
            'TimeoutError("page \u2026 of \u2026 timed out")',
            "Error during execution of task: TimeoutError(\"page 3 of 'a' timed out\")",
        ),
        ("no item \u2026 here", "no item 'b' here"),
        (
            "SyntaxError('invalid decimal literal', (\u2026, \u2026, \u2026))",
            "Error during execution of task: SyntaxError('invalid decimal literal', ('/usr/lib/LICENSE.txt', 12, '1a'))",
        ),
    ],
)
def test_messages_of_one_kind_have_one_fingerprint(expected, message):
    assert expected == words.fingerprint(message)


def test_printed_text_is_clean_and_ends():
    assert "safegnp.exe" == words.printable("safe\u202egnp\x1b[31m.exe\x07")
    assert len(words.printable("x" * 1_000_000)) < words.MOST_TEXT + 100
    assert "3 more" in words.printable("x" * (words.MOST_TEXT + 3))


def test_what_is_found_is_marked_and_the_rest_escaped():
    assert "&lt;b&gt;<mark>No</mark> <mark>no</mark>&lt;/b&gt;" == marked("<b>No no</b>", "no")
    assert "a.c" == marked("a.c", "abc")


def lines(*messages):
    return [
        LogLine(at, RUN, 1, 1, 40 if "bad" in text else 20, "log", text) for at, text in enumerate(messages, start=1)
    ]


def test_lines_keep_their_numbers_whatever_is_left_out():
    page = log_page.page_of(lines("one", "bad two", "three", "bad four"), Ask(query={"level": "ERROR", "find": "FOUR"}))

    assert [(4, "bad four")] == [(line.number, line.message) for line in page.lines]
    assert (4, 1) == (page.total, page.matching)
    assert [("ALL", 4), ("INFO", 4), ("WARNING", 2), ("ERROR", 2)] == [(each.name, each.count) for each in page.levels]


def test_the_last_lines_keep_the_numbers_that_they_have_in_all_of_them():
    assert [13, 20] == [each.number for each in log_page.last_of(lines(*"abcdefghijklmnopqrst"), Ask()).lines][
        :: log_page.LAST - 1
    ]
    assert [1, 2] == [each.number for each in log_page.last_of(lines("one", "two"), Ask()).lines]


def test_many_lines_come_in_pieces():
    many = lines(*(str(number) for number in range(2_500)))
    first = log_page.page_of(many, Ask())
    second = log_page.page_of(many, Ask(query={"from": "1001"}))

    assert ((1, 1_000), "?from=1001") == ((first.lines[0].number, first.lines[-1].number), first.behind)
    assert (1_001, "?") == (second.lines[0].number, second.before)


def test_a_pickle_is_not_loaded_and_much_is_not_read():
    pickled = ResultRef("local", "/nowhere", "cloudpickle", size=10)
    large = ResultRef("local", "/nowhere", "json", size=10_000_000)

    assert "pickled" in preview_of(pickled, "x").why
    assert "--unpickle" in preview_of(pickled, "x").command
    assert "10\u202f000\u202f000 bytes" in preview_of(large, "x").why
    assert "cannot be read" in preview_of(ResultRef("local", "/nowhere", "json", size=10), "x").why
    assert preview_of(None, "x") is None


def stored(value):
    """Return the reference to a value that a task has stored."""
    return LocalResult(location="value").write(value).ref


@pytest.mark.parametrize(
    ("kind", "start"),
    [("png", b"\x89PNG\r\n\x1a\n"), ("jpeg", b"\xff\xd8\xff"), ("gif", b"GIF89a"), ("webp", b"RIFF\0\0\0\0WEBP")],
)
def test_a_picture_is_shown_as_one(runwright_home, kind, start):
    data = start + b"dots"

    assert f"data:image/{kind};base64,{base64.b64encode(data).decode()}" == preview_of(stored(data), "x").image


@pytest.mark.parametrize("data", [b"<svg onload='alert(1)'/>", b"plain", b"RIFF", b""])
def test_other_bytes_are_no_picture(runwright_home, data):
    page = preview_of(stored(data), "x")

    assert ("", "") == (page.image, page.why)
    assert base64.b64encode(data).decode() in page.text


def test_the_end_of_the_log_is_found_from_wherever_it_was(store, runs):
    last = max(event.cursor for event in store.iterate_events())
    end = LogEnd(store)

    assert (last, last) == (end.cursor(), end.cursor())
    runs["running"].succeed(8).commit()
    assert last + 2 == end.cursor()


def test_a_graph_has_its_boxes_and_arrows():
    tasks = [TaskInfo("a", "a"), TaskInfo("b", "b", is_mapped=True)]
    drawn = dag.draw(tasks, [EdgeInfo("a", "b", "x", mapped=True), EdgeInfo("a", "gone")], {})

    assert [("a", False), ("b", True)] == [(node.slug, node.is_mapped) for node in drawn.nodes]
    assert [("a", "b", True)] == [(link.upstream, link.downstream, link.is_mapped) for link in drawn.links]
    assert dag.draw([TaskInfo(str(number), "x") for number in range(dag.MOST_BOXES + 1)], [], {}).is_too_large


def test_preferences_that_nobody_knows_count_as_not_set():
    liked = Preferences.from_cookies(
        {"runwright_theme": "pink", "runwright_zone": "../etc", "runwright_times": "relative"}
    )

    assert Preferences(times="relative") == liked
    assert "Europe/Paris" == Preferences.from_cookies({"runwright_zone": "Europe/Paris"}).zone


def test_a_link_changes_words_and_begins_the_list_anew():
    ask = Ask(query={"q": "a b", "after": "x", "tab": "logs"})

    assert "?q=a%20b&tab=table" == ask.link(tab="table")
    assert "?q=a%20b" == ask.link(tab=None)
    assert "?" == Ask(query={"after": "x"}).link()
