"""The http tasks, against a server that is really there."""

from __future__ import annotations

import base64
import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from runwright.errors import RunnableFailed


class Server(ThreadingHTTPServer):
    """A server that says when it lets somebody wait, and can be told to stop that."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked, self.released = threading.Event(), threading.Event()

    def handle_error(self, *_) -> None:
        """Write nothing about clients that go away before the end."""


class Answers(BaseHTTPRequestHandler):
    """Answers that say what was asked."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        split = urlsplit(self.path)
        path, query = split.path, parse_qs(split.query)
        if path == "/hang":
            self.server.asked.set()
            self.server.released.wait(30)
            self.close_connection = True
            return
        size = int(self.headers.get("Content-Length", 0))
        code, headers, body = self.answer(path, query, self.rfile.read(size))
        self.send_response(code)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_GET  # noqa: N815  the server asks for these names

    def answer(self, path, query, body):  # noqa: PLR0911  one for each path
        if path == "/echo":
            headers = {name.lower(): ", ".join(self.headers.get_all(name, [])) for name in self.headers}
            seen = {"method": self.command, "query": query, "headers": headers, "body": body.decode("latin-1")}
            return 200, [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")], msgspec.json.encode(seen)
        if path == "/zipped":
            return 200, [("Content-Encoding", "gzip")], gzip.compress(b"0" * 100_000)
        if path.startswith("/hop/"):
            left = int(path.rpartition("/")[2])
            return 302, [("Location", f"/hop/{left - 1}" if left > 1 else "/echo")], b""
        if path == "/away":
            return 302, [("Location", query["to"][0])], b""
        if path.startswith("/file"):
            return (
                200,
                [("Content-Disposition", 'attachment; filename="../report.csv"')] * ("named" in path),
                b"a,b\n1,2\n",
            )
        if path == "/latin":
            return 200, [("Content-Type", "text/plain; charset=latin-1")], "é".encode("latin-1")
        return {"/none": (204, [], b""), "/empty": (200, [], b"")}.get(path, (404, [], b"gone"))

    def log_message(self, *_):
        """Write nothing."""


@pytest.fixture(scope="module")
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def ask(run, server, monkeypatch):
    """Return a function that runs a task of a type against the server and returns its outputs."""
    monkeypatch.setenv("NO_PROXY", "*")

    def ask(path, keys="", type_="http.Request", **variables):
        uri = f"http://127.0.0.1:{server.server_port}{path}"
        return run(f"type: {type_}\nuri: '{uri}'\n{keys}", **variables).outputs

    return ask


def seen(outputs):
    return msgspec.json.decode(outputs["body"])


def test_an_answer_has_its_uri_code_headers_and_body(ask, server):
    outputs = ask("/echo?a={{ n }}", n=1)
    assert (f"http://127.0.0.1:{server.server_port}/echo?a=1", 200) == (outputs["uri"], outputs["code"])
    assert ["a=1", "b=2"] == outputs["headers"]["set-cookie"]
    assert {"a": ["1"]} == seen(outputs)["query"]
    assert None is ask("/none")["body"]


def test_headers_parameters_and_methods_are_sent(ask):
    keys = "method: '{{ m }}'\nheaders: {X-Api: '{{ key }}', X-Two: [a, b]}\nparams: {q: '{{ key }}', n: 1, l: [x, y]}"
    asked = seen(ask("/echo?b=0", keys, m="put", key="k 1"))
    assert ("PUT", "k 1", "a, b") == (asked["method"], asked["headers"]["x-api"], asked["headers"]["x-two"])
    assert {"b": ["0"], "q": ["k 1"], "n": ["1"], "l": ["x", "y"]} == asked["query"]


@pytest.mark.parametrize(
    ("body", "type_"),
    [('{"a": 1}', "application/json"), ("plain", "text/plain; charset=utf-8")],
)
def test_a_body_is_sent_with_its_type(ask, body, type_):
    asked = seen(ask("/echo", f"method: POST\nbody: '{body}'"))
    assert (body, type_) == (asked["body"], asked["headers"]["content-type"])
    asked = seen(ask("/echo", f"method: POST\nbody: '{body}'\ncontentType: text/x"))
    assert "text/x" == asked["headers"]["content-type"]


def test_a_form_is_sent(ask):
    asked = seen(ask("/echo", "method: POST\nformData: {a: 'x y', b: [1, 2]}"))
    assert ("a=x+y&b=1&b=2", "application/x-www-form-urlencoded") == (asked["body"], asked["headers"]["content-type"])


def test_a_form_may_have_files(ask, scope):
    uri = scope.drive.put("kestra:///a/data.csv", b"1,2")
    keys = "method: POST\ncontentType: multipart/form-data\nformData: {n: 1, f: '{{ uri }}', g: {name: g.txt, content: text}}"
    asked = seen(ask("/echo", keys, uri=uri))
    assert asked["headers"]["content-type"].startswith("multipart/form-data; boundary=")
    for part in ('name="n"\r\n\r\n1', 'name="f"; filename="data.csv"', "1,2", 'name="g"; filename="g.txt"', "text"):
        assert part in asked["body"]


def test_who_asks_is_told(ask):
    basic = "Basic " + base64.b64encode(b"ada:1234").decode()
    keys = "options: {auth: {type: BASIC, username: ada, password: 1234}}"
    assert basic == seen(ask("/echo", keys))["headers"]["authorization"]
    keys = "options: {basicAuthUser: ada, basicAuthPassword: '1234'}"
    assert basic == seen(ask("/echo", keys))["headers"]["authorization"]
    keys = "options: {auth: {type: BEARER, token: '{{ word }}'}}"
    assert "Bearer t" == seen(ask("/echo", keys, word="t"))["headers"]["authorization"]


def test_who_asks_is_not_told_to_another_server(ask, server):
    elsewhere = f"http://localhost:{server.server_port}/echo"
    keys = "options: {auth: {type: BEARER, token: t}}"
    assert "authorization" not in seen(ask(f"/away?to={elsewhere}", keys))["headers"]


def test_a_failure_hands_on_the_answer(ask):
    with pytest.raises(RunnableFailed, match=r"GET http://127\.0\.0\.1:\d+/gone was answered with 404") as raised:
        ask("/gone?token=secret")
    outputs = raised.value.outputs or {}
    assert (404, "gone") == (outputs["code"], outputs["body"])
    assert "secret" not in str(raised.value)
    assert 404 == ask("/gone", "options: {allowFailed: true}")["code"]
    assert 404 == ask("/gone", "options: {allowedResponseCodes: [404]}")["code"]


def test_redirects_have_a_limit(ask):
    assert 200 == ask("/hop/5")["code"]
    with pytest.raises(RunnableFailed, match="redirects"):
        ask("/hop/6")
    assert 302 == ask("/hop/1", "options: {followRedirects: false}")["code"]


@pytest.mark.parametrize("path", ["/zipped", "/echo"])
def test_an_answer_has_a_limit(ask, path):
    with pytest.raises(RunnableFailed, match=r"more than 20 bytes: fetch it with http\.Download"):
        ask(path, "options: {maxContentLength: 20}")


def test_an_answer_is_read_in_its_encoding(ask):
    assert "é" == ask("/latin")["body"]


def test_a_body_may_be_kept_encrypted(ask):
    outputs = ask("/latin", "encryptBody: true")
    assert "encrypted:é" == outputs["encryptedBody"]
    assert "body" not in outputs


def test_a_wrong_option_is_told(ask):
    with pytest.raises(RunnableFailed, match=r"unknown field `allowFail`\. Did you mean 'allowFailed'\?"):
        ask("/echo", "options: {allowFail: true}")
    with pytest.raises(RunnableFailed, match="connectTimeout: 'soon' is no duration"):
        ask("/echo", "options: {timeout: {connectTimeout: soon}}")


@pytest.mark.parametrize("uri", ["ftp://x/y", "file:///etc/passwd", "nothing", ""])
def test_other_addresses_are_refused(run, uri):
    with pytest.raises(RunnableFailed, match="must begin with http:// or https://"):
        run("type: http.Request\nuri: '{{ u }}'", u=uri)


def test_a_server_that_is_not_there_is_told(run, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    with pytest.raises(RunnableFailed, match=r"GET http://127\.0\.0\.1:9/ failed: .*connect"):
        run("type: http.Request\nuri: http://127.0.0.1:9/")


def test_a_header_cannot_smuggle_another(ask):
    with pytest.raises(RunnableFailed, match="has a line break"):
        ask("/echo", "headers: {X: '{{ x }}'}", x="a\r\nY: b")


def test_a_task_that_is_to_stop_does_not_wait_for_the_server(ask, scope, server):
    stopper = threading.Thread(target=lambda: server.asked.wait(30) and scope.stopping.set())
    stopper.start()
    with pytest.raises(RunnableFailed, match="broken off"):
        ask("/hang")
    stopper.join()


def test_a_slow_server_has_a_limit(ask):
    with pytest.raises(RunnableFailed, match="ReadTimeout"):
        ask("/hang", "options: {timeout: {readIdleTimeout: PT0.05S}}")


@pytest.mark.parametrize(
    ("path", "keys", "expected"),
    [
        ("/files/a.csv", "", "a.csv"),
        ("/file-named", "", "report.csv"),
        ("/file-x", "saveAs: 'my {{ n }}.csv'", "my 1.csv"),
    ],
)
def test_a_file_is_downloaded(ask, scope, path, keys, expected):
    outputs = ask(path, keys, "http.Download", n=1)
    assert (scope.prefix + expected, 8, 200) == (outputs["uri"], outputs["length"], outputs["code"])
    assert b"a,b\n1,2\n" == scope.files[outputs["uri"]]
    assert [("response.length", 8, "counter", {})] == scope.numbers


def test_an_empty_file_is_a_failure_unless_it_may_be(ask):
    with pytest.raises(RunnableFailed, match="answered with nothing"):
        ask("/empty", "", "http.Download")
    assert 0 == ask("/empty", "failOnEmptyResponse: false", "http.Download")["length"]


def test_a_file_that_is_not_there_is_a_failure(ask, scope):
    with pytest.raises(RunnableFailed, match="answered with 404"):
        ask("/gone", "", "http.Download")
    assert {} == scope.files


def test_a_file_may_have_a_limit(ask):
    with pytest.raises(RunnableFailed, match="more than 7 bytes"):
        ask("/file-x", "options: {maxContentLength: 7}", "http.Download")
