"""What a server does before it serves: its key, and where it may listen without one."""

from __future__ import annotations

import asyncio
import socket
import stat

import pytest

from runwright.errors import SettingError
from runwright.server import keys
from runwright.server.auth import Gate, Role
from runwright.server.serving import Address, check_exposure, is_loopback
from runwright.ui.serving import listening


@pytest.fixture(autouse=True)
def no_preset_key(monkeypatch):
    monkeypatch.delenv(keys.VARIABLE, raising=False)


def test_the_first_start_makes_a_key_that_only_its_owner_can_read(tmp_path):
    key, is_new = keys.admin_key(tmp_path)
    text = keys.read_key(tmp_path)

    assert is_new
    assert text.startswith(keys.PREFIX)
    assert 0o600 == stat.S_IMODE(keys.key_path(tmp_path).stat().st_mode)
    assert 0o700 == stat.S_IMODE(keys.key_path(tmp_path).parent.stat().st_mode)
    assert Role.ADMIN is Gate([key]).principal_from_key(text).role
    assert (key, False) == keys.admin_key(tmp_path)


def test_a_key_that_is_given_wins(tmp_path, monkeypatch):
    monkeypatch.setenv(keys.VARIABLE, "preset-by-environment")
    assert "admin" == Gate([keys.admin_key(tmp_path)[0]]).principal_from_key("preset-by-environment").name
    assert (
        "admin"
        == Gate([keys.admin_key(tmp_path, "given-on-the-command-line")[0]])
        .principal_from_key("given-on-the-command-line")
        .name
    )
    assert not keys.key_path(tmp_path).exists()


def test_a_key_that_can_be_guessed_is_refused(tmp_path):
    with pytest.raises(SettingError, match="16"):
        keys.admin_key(tmp_path, "x" * 15)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o777])
def test_a_key_that_others_can_read_is_refused(tmp_path, mode):
    keys.admin_key(tmp_path)
    keys.key_path(tmp_path).chmod(mode)

    with pytest.raises(SettingError, match="chmod 600"):
        keys.admin_key(tmp_path)


def test_a_key_file_that_cannot_be_read_is_told(tmp_path):
    keys.key_path(tmp_path).mkdir(parents=True)

    with pytest.raises(SettingError, match="cannot be read"):
        keys.admin_key(tmp_path)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_without_a_key_a_server_listens_on_loopback(host):
    assert is_loopback(host)
    check_exposure(host, has_key=False, is_insecure=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.org", "localhost.evil.example", ""])  # noqa: S104  no socket is opened
def test_without_a_key_a_server_listens_nowhere_else(host):
    with pytest.raises(SettingError, match="anybody"):
        check_exposure(host, has_key=False, is_insecure=False)
    check_exposure(host, has_key=True, is_insecure=False)
    check_exposure(host, has_key=False, is_insecure=True)


def test_an_address_says_its_url():
    address = Address("127.0.0.1", 0)
    with address.socket:
        assert f"http://127.0.0.1:{address.port}" == address.url
        assert 0 < address.port


def test_an_address_that_is_taken_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SettingError, match="choose another"):
            Address("127.0.0.1", taken.getsockname()[1])


@pytest.mark.parametrize("listen", [lambda: Address("127.0.0.1", 0).socket, listening], ids=["server", "pages alone"])
def test_small_answers_are_sent_at_once(listen):
    """Else each waits for the acknowledgement of its own headers, which clients hold back for 40 ms."""

    async def is_sent_at_once(listener):
        found = asyncio.get_running_loop().create_future()

        def accept(_, writer):
            connection = writer.get_extra_info("socket")
            found.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        async with await asyncio.start_server(accept, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            try:
                return await found
            finally:
                writer.close()
                await writer.wait_closed()

    assert asyncio.run(is_sent_at_once(listen()))
