"""Host: opened when it is first used, one for equal settings in a process, and what its mask knows travels with it."""

from __future__ import annotations

import base64
import logging
import os
import pickle
import uuid

import pytest

from runwright.errors import FilesError, SecretMissing, SettingError
from runwright.hosting.host import Host


def new_key():
    return base64.b64encode(os.urandom(32)).decode()


@pytest.fixture
def settings(tmp_path):
    """Return how to make hosts with settings that no other test has."""
    name = uuid.uuid4().hex

    def made(**more):
        return Host(f"memory://{name}", f"sqlite:///{tmp_path}/record.db", **more)

    return made


def arrived(host):
    """Return what a host is in another process: here, where pickles are opened."""
    return pickle.loads(pickle.dumps(host))


def test_hosts_of_equal_settings_are_one_where_they_arrive(settings):
    first, second = arrived(settings()), arrived(settings())
    assert first is second
    assert first.drive is second.drive


@pytest.mark.parametrize("more", [{"secrets_folder": "/x"}, {"encryption_key": "k"}, {"globals": {"a": 1}}])
def test_others_are_not(settings, more):
    assert arrived(settings()) is not arrived(settings(**more))


def test_what_it_is_made_from_travels(settings, tmp_path):
    (tmp_path / "TOKEN").write_text("very secret\n")
    key = new_key()
    host = settings(secrets_folder=str(tmp_path), encryption_key=key, globals={"region": {"name": "eu"}})
    sealed = host.cipher.encrypt("text")

    there = arrived(host)

    assert {"region": {"name": "eu"}} == there.globals
    assert ("very secret", "text") == (there.secret("TOKEN", "company"), there.decrypt(sealed))


def test_what_was_handed_out_is_hidden_there_too(settings, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", base64.b64encode(b"very secret").decode())
    host = settings()
    assert "it is very secret" == host.mask.hide("it is very secret")
    host.secret("TOKEN", "company")
    assert "it is ********" == host.mask.hide("it is very secret")

    there = arrived(host)
    assert "it is ********" == there.mask.hide("it is very secret")

    host.mask.learn("another one")
    arrived(host)
    assert "********" == there.mask.hide("another one"), "what comes later joins what is there"


def test_what_was_decrypted_is_hidden(settings):
    host = settings(encryption_key=new_key())
    sealed = host.cipher.encrypt("very secret")
    assert "very secret" == host.decrypt(sealed)
    assert "********" == host.mask.hide("very secret")


def test_nothing_is_opened_before_it_is_used():
    """A place that is none is told of when files are wanted, and no earlier."""
    host = Host("gopher://nowhere", "postgresql://nobody@127.0.0.1:1/none", encryption_key="no key")
    assert {} == host.globals
    with pytest.raises(FilesError):
        _ = host.drive
    with pytest.raises(SettingError):
        host.cipher.encrypt("text")
    with pytest.raises(SecretMissing):
        host.secret("NONE", "company")


def test_globals_are_its_own(settings):
    given = {"a": 1}
    host = settings(globals=given)
    given["a"] = 2
    assert {"a": 1} == host.globals == arrived(host).globals


class Said:
    """Settings as somebody said them."""

    drive, record, secrets_folder, encryption_key = "memory://said", "kept/record.db", "", ""
    globals = {"a": 1}  # noqa: RUF012  read only


def test_a_path_of_a_record_is_that_of_a_file_wherever_it_arrives(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    host = Host.from_settings(Said())
    monkeypatch.chdir("/")
    assert f"sqlite:///{tmp_path}/kept/record.db" == host._choices[1] == arrived(host)._choices[1]


@pytest.mark.parametrize("record", ["postgresql://host/db", "memory://", "http://host:1"])
def test_a_url_of_a_record_is_taken_as_it_is(record):
    assert record == Host.from_settings(Said(), record=record)._choices[1]


def test_lines_of_a_logger_lose_what_is_secret(settings, caplog):
    host = settings()
    host.mask.learn("very secret")
    logger = logging.getLogger("test.host")
    logger.addFilter(host.log_filter)
    try:
        logger.warning("it is %s", "very secret")
    finally:
        logger.removeFilter(host.log_filter)
    assert ["it is ********"] == [each.getMessage() for each in caplog.records]
