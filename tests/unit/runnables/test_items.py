"""Tasks about the lines of files."""

from __future__ import annotations

import pytest

from runwright.errors import ExpressionError, FileMissing, RunnableFailed
from runwright.runnables import lines

LINES = b"1\n22\n333\n4444\n5"


@pytest.fixture
def split(run, scope):
    """Return a function that splits a file and returns the contents of the parts."""

    def split(keys, data=LINES):
        uri = scope.drive.put("kestra:///x/data.csv", data)
        uris = run(f"type: storage.Split\nfrom: '{{{{ u }}}}'\n{keys}", u=uri).outputs["uris"]
        return [scope.files[uri] for uri in uris]

    return split


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("rows: 2", [b"1\n22\n", b"333\n4444\n", b"5"]),
        ("bytes: '6 B'", [b"1\n22\n", b"333\n", b"4444\n5"]),
        ("bytes: 1KB", [LINES]),
        ("partitions: 2", [b"1\n333\n5", b"22\n4444\n"]),
        ("partitions: 9", [b"1\n", b"22\n", b"333\n", b"4444\n", b"5"]),
        ("rows: 2\nseparator: '3'", [b"1\n22\n33", b"3\n4444\n5"]),
        ("regexPattern: '[24]'", [b"22\n", b"4444\n"]),
        ("regexPattern: '.(.)'", [b"22\n", b"333\n", b"4444\n"]),
    ],
)
def test_a_file_is_cut(split, keys, expected):
    assert expected == split(keys)


def test_parts_are_named_in_order(run, scope):
    uri = scope.drive.put("kestra:///x/data.csv", LINES)
    uris = run("type: storage.Split\nfrom: '{{ u }}'\nrows: 3", u=uri).outputs["uris"]
    assert [f"{scope.prefix}part-000001.csv", f"{scope.prefix}part-000002.csv"] == uris


def test_an_empty_file_has_no_parts(split):
    assert [] == split("rows: 2", b"")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("", "Say how to cut the file"),
        ("rows: 1\npartitions: 2", "Say how to cut the file, by one of"),
        ("bytes: many", "'many' is no size"),
        ("bytes: 0 MB", "is no size"),
        ("regexPattern: '('", "is no regular expression"),
    ],
)
def test_how_to_cut_must_be_said(split, keys, message):
    with pytest.raises(RunnableFailed, match=message):
        split(keys)


def test_a_pattern_is_no_way_to_take_forever(split):
    assert [] == split("regexPattern: '(a+)+b'", b"a" * 60 + b"\n")
    with pytest.raises(RunnableFailed, match="takes too long to match"):
        split("regexPattern: '.*b'", b"a" * 999_999 + b"\n")


def test_a_file_falls_into_a_limited_number_of_parts(split, monkeypatch):
    monkeypatch.setattr(lines, "MOST_GROUPS", 3)
    with pytest.raises(RunnableFailed, match="more than 3 parts"):
        split("regexPattern: '.'")
    assert 5 == len(split("rows: 1"))


@pytest.mark.parametrize(
    ("data", "keys", "expected"),
    [
        (b"a\nb\nc\n", "", b"c\nb\na\n"),
        (b"a\nb", "", b"b\na\n"),
        (b"", "", b""),
        (b"a;b;", "separator: ;", b"b;a;"),
        ("a\né\n".encode("utf-16-le"), "charset: UTF-16LE", "é\na\n".encode("utf-16-le")),
    ],
)
def test_a_file_is_turned_round(run, scope, data, keys, expected):
    uri = scope.drive.put("kestra:///x", data)
    outputs = run(f"type: storage.Reverse\nfrom: '{{{{ u }}}}'\n{keys}", u=uri).outputs
    assert expected == scope.files[outputs["uri"]]


def test_a_wrong_encoding_is_told(run, scope):
    scope.drive.put("kestra:///x", b"")
    with pytest.raises(RunnableFailed, match="cannot be written in 'klingon'"):
        run("type: storage.Reverse\nfrom: kestra:///x\ncharset: klingon")


def test_the_last_item_with_a_key_is_kept(run, scope):
    data = b'{"k": "a", "n": 1}\n{"k": "b", "n": 2}\n{k: "a", n: 3}\n{"k": "c"}'
    scope.drive.put("kestra:///x", data)
    outputs = run("type: storage.DeduplicateItems\nfrom: kestra:///x\nexpr: ' {{ k }} '").outputs
    assert b'{"k": "b", "n": 2}\n{k: "a", n: 3}\n{"k": "c"}' == scope.files[outputs.pop("uri")]
    assert {"processedItemsTotal": 4, "droppedItemsTotal": 1, "numKeys": 3} == outputs


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("filterCondition: ' {{ value > 1 }}'", b'{"value": 2}\n'),
        ("filterCondition: '{{ value > 1 }}'\nfilterType: EXCLUDE", b'{"value": 1}\n'),
        ("filterCondition: '{{ item.value == 1 }}'", b'{"value": 1}\n'),
        ("filterCondition: '{{ other ?? null }}'\nerrorOrNullBehavior: INCLUDE", b'{"value": 1}\n{"value": 2}\n'),
        ("filterCondition: '{{ other }}'\nerrorOrNullBehavior: EXCLUDE", b""),
    ],
)
def test_items_are_filtered(run, scope, keys, expected):
    scope.drive.put("kestra:///x", b'{"value": 1}\n{"value": 2}\n')
    outputs = run(f"type: storage.FilterItems\nfrom: kestra:///x\n{keys}").outputs
    assert expected == scope.files[outputs.pop("uri")]
    kept = expected.count(b"\n")
    assert {"processedItemsTotal": 2, "droppedItemsTotal": 2 - kept} == outputs


def test_a_condition_that_yields_nothing_is_a_failure(run, scope):
    scope.drive.put("kestra:///x", b'{"value": null}\n')
    keys = "type: storage.FilterItems\nfrom: kestra:///x\nfilterCondition: "
    with pytest.raises(RunnableFailed, match="yields nothing for the item"):
        run(f"{keys}'{{{{ value }}}}'")
    with pytest.raises(ExpressionError):
        run(f"{keys}'{{{{ other }}}}'")


def test_a_file_that_is_not_there_is_told(run):
    with pytest.raises(FileMissing):
        run("type: storage.Split\nfrom: kestra:///x\nrows: 1")
