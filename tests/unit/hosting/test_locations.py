from __future__ import annotations

import pytest

from runwright.drives.addresses import path_of
from runwright.hosting import locations


def test_where_files_are():
    assert "kestra:///company/team/_files/" == locations.namespace_prefix("company.team")
    assert "kestra:///company/team/my-flow/executions/1a/" == locations.execution_prefix(
        "company.team", "my-flow", "1a"
    )
    assert "kestra:///company/flow/executions/1a/inputs/file/" == locations.input_prefix(
        "company", "flow", "1a", "file"
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("report.csv", "report.csv"),
        ("with space ☃.csv", "with-space-☃.csv"),
        ("$(id);rm -rf ~.csv", "-id-rm--rf-~.csv"),
        ('it\'s "quoted" `id`.csv', "it-s-quoted-id-.csv"),
        ("/etc/passwd", "passwd"),
        ("../../x.sh", "x.sh"),
        ("C:\\Users\\ada\\a.txt", "a.txt"),
        ("a\x00\nb", "b"),
        ("", "file"),
        ("..", "file"),
        (". .", "file"),
        ("a/", "a"),
        ("lone\ud800.txt", "lone?.txt"),
    ],
)
def test_a_name_of_an_upload_leads_nowhere(name, expected):
    assert expected == locations.safe_name(name)


@pytest.mark.parametrize("name", ["é" * 500 + ".csv", "x" * 5_000, "☃" * 100])
def test_a_long_name_keeps_its_end(name):
    made = locations.safe_name(name)

    assert name.endswith(made)
    assert f"a/{made}" == path_of(f"kestra:///a/{made}")


def test_names_do_not_take_each_others_place():
    assert "a.csv" == locations.safe_name("a.csv", ["b.csv"])
    assert "3-a.csv" == locations.safe_name("a.csv", ["a.csv", "2-a.csv"])
