from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from runwright.errors import MissingExtra, RunwrightError
from runwright.hosting.web import fetch


class Server(BaseHTTPRequestHandler):
    """Answers with what it was asked, or as its path says."""

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        status, kind = 200, "application/json"
        text = json.dumps({"method": self.command, "path": self.path, "body": body, "headers": dict(self.headers)})
        if self.path == "/text":
            kind, text = "text/plain; charset=latin-1", "café"
        elif self.path == "/broken":
            text = "{"
        elif self.path == "/missing":
            status, kind, text = 404, "text/plain", "no such page"
        elif self.path == "/long":
            text = "x" * (1024 * 1024 + 1)
        elif self.path == "/loop":
            status = 302
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Location", "/loop")
        self.end_headers()
        self.wfile.write(text.encode("latin-1"))

    do_POST = do_GET  # noqa: N815  the name that the base class calls

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def address():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_json_comes_as_its_value(address):
    answer = fetch(f"{address}/a", query={"q": "x y"}, headers={"X-N": 1}, accept="application/json")

    assert ("GET", "/a?q=x+y", "") == (answer["method"], answer["path"].replace("%20", "+"), answer["body"])
    assert ("1", "application/json") == (answer["headers"]["X-N"], answer["headers"]["Accept"])


def test_what_is_sent(address):
    sent = fetch(f"{address}/a", "post", body={"a": [1]})
    assert ("POST", '{"a": [1]}', "application/json") == (sent["method"], sent["body"], sent["headers"]["Content-Type"])

    sent = fetch(f"{address}/a", "POST", body="a=1", contentType="text/x")
    assert ("a=1", "text/x") == (sent["body"], sent["headers"]["Content-Type"])


def test_text_comes_as_text(address):
    assert "café" == fetch(f"{address}/text")
    assert "{" == fetch(f"{address}/broken")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/missing", "answered 404: no such page"),
        ("/long", "more than 1048576 bytes"),
        ("/loop", "gave no answer: Exceeded maximum allowed redirects"),
    ],
)
def test_answers_that_are_none(address, path, told):
    with pytest.raises(RunwrightError, match=told):
        fetch(address + path)


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "ftp://host/", "/path", "", None, 7, "httpx://a"])
def test_what_is_no_address_of_a_web_server(uri):
    with pytest.raises(RunwrightError, match="begins with http"):
        fetch(uri)


def test_nobody_there():
    with pytest.raises(RunwrightError, match="gave no answer"):
        fetch("http://127.0.0.1:1/")


def test_a_method_that_is_none(address):
    with pytest.raises(RunwrightError, match="it may be GET, HEAD"):
        fetch(address, "BREW")


def test_without_the_library_it_says_which_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "httpx", None)

    with pytest.raises(MissingExtra, match=r"runwright\[http\]"):
        fetch("http://127.0.0.1/")
