"""Settings come from the environment, then the file, then the table; what cannot be read says where it stands."""

from __future__ import annotations

import os

import pytest

from runwright import settings
from runwright.errors import SettingError


@pytest.fixture
def home(tmp_path):
    """Return a home with nothing in it, and the environment that points there."""
    return tmp_path / "home"


def environment(home, **variables):
    return {"RUNWRIGHT_HOME": str(home), **variables}


def write(home, text):
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text(text)


def source_of(name, variables):
    return next(found.source for found in settings.sources(variables) if found.name == name)


def test_without_anything_said_the_defaults_hold(home):
    found = settings.load(environment(home))

    assert str(home) == found.home
    assert f"sqlite:///{home}/record.db" == found.record
    assert ("inline", "strict", "FULL", "interval") == (
        found.executor,
        found.durability,
        found.synchronous,
        found.result_sync,
    )
    assert (45, 20, "auto") == (found.lease_seconds, found.log_level, found.color)


def test_the_struct_and_the_table_have_the_same_settings():
    assert settings.Settings.__struct_fields__ == tuple(setting.name for setting in settings.TABLE)


def test_the_environment_comes_before_the_file_and_the_file_before_the_default(home):
    write(home, 'log_level = "debug"\nlease_seconds = 2.5\n')
    variables = environment(home, RUNWRIGHT_LOG_LEVEL="error")

    found = settings.load(variables)

    assert (40, 2.5, "inline") == (found.log_level, found.lease_seconds, found.executor)
    assert "environment variable RUNWRIGHT_LOG_LEVEL" == source_of("log_level", variables)
    assert str(home / "config.toml") == source_of("lease_seconds", variables)
    assert "default" == source_of("executor", variables)


def test_values_are_shown_as_people_write_them(home):
    shown = {found.name: found.value for found in settings.sources(environment(home))}

    assert ("45", "INFO") == (shown["lease_seconds"], shown["log_level"])


def test_an_empty_variable_counts_as_not_set(home):
    assert "strict" == settings.load(environment(home, RUNWRIGHT_DURABILITY="")).durability


def test_a_record_may_be_a_path_or_a_url(home, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    assert f"sqlite:///{tmp_path}/runs.db" == settings.load(environment(home, RUNWRIGHT_RECORD="runs.db")).record
    assert "memory://" == settings.load(environment(home, RUNWRIGHT_RECORD="memory://")).record


def test_the_home_may_begin_with_a_tilde(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))

    assert str(tmp_path / "here") == settings.load({"RUNWRIGHT_HOME": "~/here"}).home


def test_a_home_of_nobody_is_explained():
    with pytest.raises(SettingError, match="RUNWRIGHT_HOME is '~nobody-of-that-name/x', but this user has no home"):
        settings.load({"RUNWRIGHT_HOME": "~nobody-of-that-name/x"})


@pytest.mark.parametrize(
    ("variable", "value", "allowed"),
    [
        ("RUNWRIGHT_DURABILITY", "lax", "strict or batched"),
        ("RUNWRIGHT_SYNCHRONOUS", "OFF", "FULL or NORMAL"),
        ("RUNWRIGHT_RESULT_SYNC", "never", "interval or commit"),
        ("RUNWRIGHT_LEASE_SECONDS", "soon", "a number of seconds above 0"),
        ("RUNWRIGHT_LEASE_SECONDS", "nan", "a number of seconds above 0"),
        ("RUNWRIGHT_LEASE_SECONDS", "0", "a number of seconds above 0"),
        ("RUNWRIGHT_LOG_LEVEL", "loud", "DEBUG, INFO, WARNING, ERROR or CRITICAL"),
        ("RUNWRIGHT_COLOR", "pink", "auto, always or never"),
        ("RUNWRIGHT_GLOBALS", "{", "a JSON object"),
        ("RUNWRIGHT_GLOBALS", "[1]", "a JSON object"),
    ],
)
def test_a_bad_variable_is_named_with_what_it_may_be(home, variable, value, allowed):
    with pytest.raises(SettingError) as refused:
        settings.load(environment(home, **{variable: value}))

    assert f"environment variable {variable} is {value!r}" in str(refused.value)
    assert f"It may be: {allowed}." in str(refused.value)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('lease_seconds = "soon"', "lease_seconds in"),
        ("lease_seconds = true", "it is no number"),
        ("log_level = 20", "it is no text"),
        ('durablity = "strict"', "Did you mean 'durability'?"),
        ('home = "/elsewhere"', "set RUNWRIGHT_HOME instead"),
        ("log_level: DEBUG", "is no valid TOML"),
    ],
)
def test_a_bad_file_is_named_with_its_line(home, line, told):
    write(home, line)

    with pytest.raises(SettingError) as refused:
        settings.load(environment(home))

    assert str(home / "config.toml") in str(refused.value)
    assert told in str(refused.value)


def test_a_value_of_ten_thousand_characters_is_not_printed_in_full(home):
    with pytest.raises(SettingError) as refused:
        settings.load(environment(home, RUNWRIGHT_COLOR="x" * 10_000))

    assert len(str(refused.value)) < 250


def test_only_a_regular_file_of_a_sane_size_is_read(home):
    home.mkdir()
    os.mkfifo(home / "config.toml")
    with pytest.raises(SettingError, match="not a regular file"):
        settings.load(environment(home))

    (home / "config.toml").unlink()
    write(home, "#" * 2_000_000)
    with pytest.raises(SettingError, match="2000000 bytes"):
        settings.load(environment(home))


def test_a_home_below_a_file_has_no_config(tmp_path):
    (tmp_path / "file").write_text("")

    assert "inline" == settings.load(environment(tmp_path / "file" / "home")).executor


def test_the_environment_of_the_process_is_read_when_none_is_given(monkeypatch, tmp_path):
    monkeypatch.setenv("RUNWRIGHT_HOME", str(tmp_path))
    monkeypatch.setenv("RUNWRIGHT_EXECUTOR", "threads:3")

    assert "threads:3" == settings.load().executor
    assert tmp_path / "config.toml" == settings.config_path()


def test_where_files_are(home, tmp_path):
    assert str(home / "files") == settings.load(environment(home)).drive
    assert str(tmp_path / "here") == settings.load(environment(home, RUNWRIGHT_DRIVE=f"{tmp_path}/x/../here")).drive
    assert "s3://bucket/files" == settings.load(environment(home, RUNWRIGHT_DRIVE="s3://bucket/files")).drive


def test_globals_are_json_or_a_table(home):
    assert {"a": {"b": [1]}} == settings.load(environment(home, RUNWRIGHT_GLOBALS='{"a": {"b": [1]}}')).globals
    assert {} == settings.load(environment(home)).globals

    write(home, "[globals]\na = 1")

    assert {"a": 1} == settings.load(environment(home)).globals
    assert '{"a":1}' == {each.name: each.value for each in settings.sources(environment(home))}["globals"]


KEY = "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3I="


def test_a_key_is_shown_nowhere(home):
    variables = environment(home, RUNWRIGHT_ENCRYPTION_KEY=KEY)

    assert KEY == settings.load(variables).encryption_key
    assert KEY not in repr(settings.load(variables))
    assert "********" == {each.name: each.value for each in settings.sources(variables)}["encryption_key"]
    assert "" == {each.name: each.value for each in settings.sources(environment(home))}["encryption_key"]


@pytest.mark.parametrize("key", [KEY[:-4], KEY + KEY, "no base64 at all", KEY[:-1]])
def test_a_key_that_is_none_is_not_shown_either(home, key):
    with pytest.raises(SettingError, match="RUNWRIGHT_ENCRYPTION_KEY is not shown here, but it") as refused:
        settings.load(environment(home, RUNWRIGHT_ENCRYPTION_KEY=key))

    assert key not in str(refused.value)
    assert "32 bytes as base64" in str(refused.value)
