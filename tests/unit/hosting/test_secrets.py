from __future__ import annotations

import base64

import pytest

from runwright.errors import SecretMissing
from runwright.hosting.secrets import Secrets


def coded(text):
    return base64.b64encode(text.encode()).decode()


@pytest.fixture
def folder(tmp_path):
    for path, text in {
        "TOKEN": "of all\n",
        "company/TOKEN": "of the company",
        "company.team/TOKEN": "of the team",
        "company.team/KEY": "one\ntwo\n\n",
        "other/HIDDEN": "of others",
    }.items():
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return str(tmp_path)


@pytest.mark.parametrize("name", ["my_token", "MY_TOKEN", "My_Token"])
def test_a_secret_of_the_environment(name):
    secrets = Secrets(environment={"SECRET_MY_TOKEN": coded("hunter2 ☃\n")})

    assert "hunter2 ☃\n" == secrets.find(name, "company")


def test_base64_may_have_line_ends():
    assert "hunter2" == Secrets(environment={"SECRET_A": " aHVu\ndGVy\nMg== \n"}).find("a", "company")


@pytest.mark.parametrize("value", ["hunter2", "c", "_-_-", base64.b64encode(b"\xff\xfe").decode()])
def test_what_is_no_base64_of_a_text_is_not_shown(value):
    with pytest.raises(SecretMissing, match="SECRET_A is no base64 of a text") as refused:
        Secrets(environment={"SECRET_A": value}).find("a", "company")

    assert value not in str(refused.value).split()


@pytest.mark.parametrize(
    ("namespace", "expected"),
    [
        ("company.team", "of the team"),
        ("company.team.sub", "of the team"),
        ("company", "of the company"),
        ("company.other", "of the company"),
        ("companyx", "of all"),
        ("other", "of all"),
    ],
)
def test_a_secret_of_a_file_is_that_of_the_nearest_namespace(folder, namespace, expected):
    assert expected == Secrets(folder, {}).find("token", namespace)


def test_a_file_comes_before_the_environment(folder):
    assert "of the team" == Secrets(folder, {"SECRET_TOKEN": coded("x")}).find("TOKEN", "company.team")
    assert "x" == Secrets(folder, {"SECRET_OTHER": coded("x")}).find("OTHER", "company.team")


def test_one_line_end_is_left_out(folder):
    assert "one\ntwo\n" == Secrets(folder, {}).find("KEY", "company.team")


@pytest.mark.parametrize(
    ("name", "namespace"),
    [
        ("HIDDEN", "company"),
        ("../other/HIDDEN", "company"),
        ("HIDDEN", "../other"),
        ("HIDDEN", "x/../other"),
        ("HIDDEN", "company..other"),
        ("company", "company"),
        ("", "company"),
        (".", "company"),
        ("x\x00y", "company"),
        ("N" * 5_000, "company"),
    ],
)
def test_no_name_leads_to_the_secrets_of_others(folder, name, namespace):
    with pytest.raises(SecretMissing, match="There is no secret") as refused:
        Secrets(folder, {}).find(name, namespace)

    assert 600 > len(str(refused.value))


def test_a_secret_that_is_missing_says_where_it_is_looked_for(folder):
    with pytest.raises(SecretMissing, match="set the environment variable SECRET_NOPE to it in base64"):
        Secrets(environment={}).find("nope", "company")
    with pytest.raises(SecretMissing, match="or put it into a file of that name in"):
        Secrets(folder, {}).find("nope", "company")


def test_an_entry_of_a_secret():
    secrets = Secrets(environment={"SECRET_A": coded('{"user": "ada", "ports": [1, 2]}'), "SECRET_B": coded("text")})

    assert "ada" == secrets.find("a", "company", "user")
    assert "[1, 2]" == secrets.find("a", "company", "ports")
    with pytest.raises(SecretMissing, match="has no entry 'nope'"):
        secrets.find("a", "company", "nope")
    with pytest.raises(SecretMissing, match="is no JSON object"):
        secrets.find("b", "company", "user")


def test_a_file_that_is_too_long_or_no_text(folder, tmp_path):
    (tmp_path / "LONG").write_text("x" * 200_000)
    (tmp_path / "BYTES").write_bytes(b"\xff")

    with pytest.raises(SecretMissing, match="shorten it"):
        Secrets(folder, {}).find("LONG", "company")
    with pytest.raises(SecretMissing, match="write it as base64"):
        Secrets(folder, {}).find("BYTES", "company")


def test_names_of_secrets_without_their_values(folder):
    assert ["A", "KEY", "TOKEN"] == Secrets(folder, {"SECRET_A": "x", "OTHER": "y"}).names("company.team")
    assert ["TOKEN"] == Secrets(folder, {}).names("company")
    assert [] == Secrets("", {}).names("company")
