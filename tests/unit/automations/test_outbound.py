"""Where automations may send: to the web, and to what somebody named; not to what is behind the server."""

from __future__ import annotations

import pytest

from runwright.automations.outbound import Refused, target_of

PUBLIC = ["93.184.216.34"]


def resolve(*addresses):
    return lambda _host, _port: addresses


@pytest.mark.parametrize(
    "url", ["https://example.org/a?b=c", "http://example.org:8080", "HTTPS://EXAMPLE.org./x", "https://[2606:4700::1]/"]
)
def test_public_addresses_are_reached(url):
    assert "93.184.216.34" == target_of(url, resolve=resolve(*PUBLIC)).address


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "2002:7f00:1::",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public_are_refused(address):
    """Also where only one of several addresses of a name is none."""
    for addresses in ([address], [*PUBLIC, address]):
        with pytest.raises(Refused, match="no public address"):
            target_of("https://example.org/", resolve=resolve(*addresses))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "localhost", "localhost.", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_no_way_to_write_this_machine_reaches_it(host):
    with pytest.raises(Refused):
        target_of(f"http://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "gopher://example.org/", "ftp://example.org/", "//example.org/", "example.org", "", "http://", "http:///x",
        "http://user:secret@example.org/", "http://user@example.org/", "http://example.org:99999/", "http://[::1/",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_web_server_is_refused(url):
    with pytest.raises(Refused):
        target_of(url, resolve=resolve(*PUBLIC))


@pytest.mark.parametrize("port", [22, 25, 81, 1023])
def test_ports_of_other_services_are_refused(port):
    with pytest.raises(Refused, match="do not send to port"):
        target_of(f"http://example.org:{port}/", resolve=resolve(*PUBLIC))


@pytest.mark.parametrize(
    ("allowed", "is_reached"), [("inner", True), ("inner:80", True), ("inner:81", False), ("other", False)]
)
def test_a_host_that_somebody_named_may_be_anywhere(allowed, is_reached):
    if is_reached:
        assert "10.0.0.1" == target_of("http://Inner/", allowed={allowed}, resolve=resolve("10.0.0.1")).address
        return
    with pytest.raises(Refused, match="automation_hosts"):
        target_of("http://Inner/", allowed={allowed}, resolve=resolve("10.0.0.1"))


def test_a_name_that_is_not_found_is_refused():
    with pytest.raises(Refused, match="cannot be found"):
        target_of("http://nowhere.invalid/", resolve=resolve())
