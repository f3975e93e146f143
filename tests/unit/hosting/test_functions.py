from __future__ import annotations

import base64
import logging
import pickle

import pytest

from runwright import settings
from runwright.clock import NANOSECONDS
from runwright.context import context
from runwright.drives import memory
from runwright.errors import ExpressionError
from runwright.expression import compile_template, render
from runwright.expressions.functions import HOST_FUNCTIONS
from runwright.hosting import Host, Place, Reads, host_functions
from runwright.key_values import KeyValue
from runwright.metrics import JOURNAL
from runwright.runtime.journal import ChildLogger, Journal, install
from runwright.stores import open_store

KEY = base64.b64encode(bytes(range(32))).decode()
HERE = Place("company.team", "flow", "1a")
OWN = "kestra:///company/team/flow/executions/1a/tasks/get/2b/a.txt"
PARENT = "kestra:///company/parent/executions/9z/a.txt"
FOREIGN = "kestra:///company/team/flow/executions/1ab/a.txt"


@pytest.fixture
def host(monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", base64.b64encode(b"hunter21").decode())
    monkeypatch.setenv("SECRET_LOGIN", base64.b64encode(b'{"password": "correct horse"}').decode())
    yield Host("memory://functions", "memory://", encryption_key=KEY, key_values=open_store("memory://"))
    memory.clear_memory()


@pytest.fixture
def files(host):
    for uri in (OWN, PARENT, FOREIGN, "kestra:///company/team/_files/x/b.txt", "kestra:///company/_files/c.txt"):
        host.drive.put(uri, uri.encode())
    host.drive.put("kestra:///company/team/_files/empty", b"")
    return host


def value(template, host, reads=None, **variables):
    functions = host_functions(host, HERE, reads or Reads())
    return compile_template("{{ " + template + " }}").render_value(variables, functions=functions)


def error(template, host, reads=None, **variables):
    with pytest.raises(ExpressionError) as refused:
        value(template, host, reads, **variables)
    return str(refused.value)


def test_every_function_that_expressions_know_of_a_host_is_there(host):
    assert {"appLink", "loopOutputs"} == HOST_FUNCTIONS.keys() - host_functions(host, HERE).keys()
    assert host_functions(host, HERE).keys() <= HOST_FUNCTIONS.keys()


# ------------------------------------------------------------------------------------------------------------- secrets


def test_a_secret_is_handed_out_and_hidden_from_then_on(host):
    assert "hunter21" == host.mask.hide("hunter21")
    assert "hunter21" == value("secret('token')", host)
    assert "it is ********" == host.mask.hide("it is hunter21")


def test_an_entry_of_a_secret_is_hidden_too(host):
    assert "correct horse" == value("secret('login', subkey='password')", host)
    assert "********" == host.mask.hide("correct horse")


def test_what_one_attempt_was_handed_can_be_told_apart(host):
    host.mask.learn("of others")
    handed = []
    functions = host_functions(host, HERE, handed=handed.append)

    functions["secret"]("token")
    functions["decrypt"](KEY, host.cipher.encrypt("hunter22"))

    assert ["hunter21", "hunter22"] == handed
    assert "******** ******** ********" == host.mask.hide("hunter21 hunter22 of others")


def test_a_secret_that_is_missing_says_where_it_is_looked_for(host):
    told = error("secret('nope')", host)

    assert "There is no secret 'nope': set the environment variable SECRET_NOPE to it in base64. (line 1" in told


def test_a_flow_has_the_secrets_of_its_namespace_and_of_those_above(host):
    assert "hunter21" == value("secret('token', namespace='company')", host)
    assert "are not for flows of 'company.team'" in error("secret('token', namespace='company.other')", host)
    assert "are not for flows of 'company.team'" in error("secret('token', namespace='company.tea')", host)


def test_a_value_that_looks_like_an_expression_is_none(host):
    assert "{{ secret('token') }}" == render("{{ inputs.x }}", {"inputs": {"x": "{{ secret('token') }}"}})


# ----------------------------------------------------------------------------------------------------------- key-values


def keep(host, key, content, namespace="company.team", **more):
    host.key_values.keep_value(KeyValue(namespace, key, content, "JSON", 0, 0, **more))


def test_a_value_of_the_namespace(host):
    keep(host, "limits", {"max": [1, 2]})
    keep(host, "limits", 3, "company")

    assert [1, 2] == value("kv('limits').max", host)
    assert 3 == value("kv('limits', 'company')", host)
    assert 3 == value("kv(key='limits', namespace='company')", host)


def test_a_value_that_is_missing_is_an_error_unless_it_may_be(host):
    assert "there is no value under the key 'nope' in the namespace 'company.team'" in error("kv('nope')", host)
    assert value("kv('nope', errorOnMissing=false)", host) is None
    assert "x" == value("kv('nope', errorOnMissing=false) ?? 'x'", host)


def test_a_value_that_has_expired_is_missing(host):
    keep(host, "old", 1, expires=NANOSECONDS)

    assert "there is no value" in error("kv('old')", host)


# ---------------------------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (OWN, OWN),
        ("x/b.txt", "kestra:///company/team/_files/x/b.txt"),
        ("/x/b.txt", "kestra:///company/team/_files/x/b.txt"),
        ("nsfile:///x/b.txt", "kestra:///company/team/_files/x/b.txt"),
        ("kestra:///company/team/_files/x/b.txt", "kestra:///company/team/_files/x/b.txt"),
    ],
)
def test_files_that_an_execution_may_read(files, address, expected):
    assert expected == value("read(x)", files, x=address)
    assert expected == value("fileURI(x)", files, x=address)
    assert len(expected) == value("fileSize(x)", files, x=address)
    assert value("fileExists(x)", files, x=address) is True
    assert value("isFileEmpty(x)", files, x=address) is False


def test_files_of_executions_that_belong_together(files):
    reads = Reads(relatives=lambda: [Place("company", "parent", "9z")])

    assert PARENT == value("read(x)", files, reads, x=PARENT)
    assert "belongs to neither this execution" in error("read(x)", files, x=PARENT)


@pytest.mark.parametrize(
    "address",
    [
        FOREIGN,
        "kestra:///company/_files/c.txt",
        "kestra:///company/team/flow/executions/1a/../1ab/a.txt",
        "kestra:///company/team/flow/executions/1a",
        "kestra:///other/_files/not-there",
        "kestra://company/team/_files/x/b.txt",
        "file:///etc/passwd",
        "file:/etc/passwd",
        "../../../../etc/passwd",
        "x/../../c.txt",
        "http://127.0.0.1/",
        "",
    ],
)
@pytest.mark.parametrize("function", ["read", "fileURI", "fileSize", "fileExists", "isFileEmpty"])
def test_files_that_an_execution_may_not_read(files, function, address):
    told = error(f"{function}(x)", files, x=address)

    assert f"The function `{function}` failed" in told
    assert "There is no file" not in told


def test_a_path_of_the_machine_is_one_of_the_namespace(files):
    assert "There is no file kestra:///company/team/_files/etc/passwd" in error("read('/etc/passwd')", files)
    assert value("fileExists('/etc/passwd')", files) is False


def test_an_empty_file(files):
    assert value("isFileEmpty('empty')", files) is True
    assert "" == value("read('empty')", files)
    assert "There is no file" in error("isFileEmpty('nope')", files)


def test_a_file_that_is_no_text_or_too_long_is_not_read(files):
    files.drive.put("kestra:///company/team/_files/bytes", b"\xff\xfe")
    files.drive.put("kestra:///company/team/_files/long", b"x" * (2 * 1024 * 1024 + 1))

    assert "is no text in UTF-8" in error("read('bytes')", files)
    assert "an expression reads at most 2097152" in error("read('long')", files)


@pytest.mark.parametrize("address", ["1", "true", "null", "[1]", "{'a': 1}"])
def test_an_address_is_a_text(files, address):
    assert "Which file is meant?" in error(f"read({address})", files)


# ----------------------------------------------------------------------------------------------------------- encryption


def test_a_text_is_encrypted_and_decrypted_with_a_key(host):
    encrypted = value(f"encrypt('{KEY}', 'hunter22')", host)

    assert encrypted.startswith("rw1:")
    assert "hunter22" == value("decrypt(key, x)", host, key=KEY, x=encrypted)
    assert "********" == host.mask.hide("hunter22")
    assert "encrypted with another key" in error("decrypt(key, x)", host, key=KEY[::-1][1:] + "=", x=encrypted)


def test_what_is_encrypted_at_rest_is_hidden_once_it_is_read(host):
    encrypted = host.cipher.encrypt("hunter23")

    assert "hunter23" == host.decrypt(encrypted)
    assert "********" == host.mask.hide("hunter23")


# ---------------------------------------------------------------------------------------------------------- the execution


def test_what_the_runtime_knows_of_the_execution(host):
    reads = Reads(
        error_logs=lambda: [{"taskId": "a", "message": "it failed"}],
        tasks=lambda: [{"taskId": "a", "state": "FAILED"}, {"taskId": "b", "state": "SUCCESS", "value": "1"}],
    )

    assert [{"taskId": "a", "message": "it failed"}] == value("errorLogs()", host, reads)
    assert [{"taskId": "a", "state": "FAILED"}] == value("tasksWithState('failed')", host, reads)
    assert [] == value("tasksWithState('KILLED')", host, reads)
    assert "there is no state 'FAILD'. Did you mean 'FAILED'?" in error("tasksWithState('FAILD')", host, reads)
    assert [] == value("errorLogs()", host)


def test_a_port_that_is_free(host):
    assert 1024 <= value("randomPort()", host) < 65536


def test_a_host_travels_with_what_its_mask_knows(host, tmp_path, monkeypatch):
    monkeypatch.setenv("ENV_CITY", "Paris")
    far = Host(str(tmp_path / "files"), f"sqlite:///{tmp_path}/record.db", encryption_key=KEY, globals={"a": 1})
    far.drive.put(OWN, b"from here")
    keep(far, "x", 7)
    far.mask.learn("hunter24")

    arrived, again = (pickle.loads(pickle.dumps(far)) for _ in range(2))

    assert arrived is again
    assert ("from here", 7) == (value(f"read('{OWN}')", arrived), value("kv('x')", arrived))
    assert "********" == arrived.mask.hide("hunter24")
    assert ({"a": 1}, "Paris") == (arrived.globals, arrived.envs["city"])
    assert "text" == arrived.cipher.decrypt(far.cipher.encrypt("text"))


def test_what_is_logged_in_an_attempt_is_hidden_before_it_is_cut_off(host):
    logger = ChildLogger("flow.task", logging.getLogger("runwright.flow"))
    logger.filters = [host.log_filter]
    host.secret("token", "company")
    install()

    with context({JOURNAL: Journal(1, 1)}):
        logger.info("with %s", "hunter21")
        logger.info("%s", "hunter21" * 20_000)
        lines, _ = context[JOURNAL].drain()

    assert "with ********" == lines[0].message
    assert "hunt" not in lines[1].message


def test_a_host_as_the_settings_say(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chosen = settings.load({"RUNWRIGHT_HOME": str(tmp_path), "RUNWRIGHT_ENCRYPTION_KEY": KEY})

    for record in (None, "other.db", f"sqlite:///{tmp_path}/third.db"):
        far = pickle.loads(pickle.dumps(Host.from_settings(chosen, record=record)))
        keep(far, "x", record)
        far.drive.put(OWN, b"1")
        assert record == value("kv('x')", far)

    assert ["files", "other.db", "record.db", "third.db"] == sorted(
        each.name for each in tmp_path.iterdir() if each.suffix in {"", ".db"}
    )


def test_functions_open_nothing_before_they_are_called():
    host_functions(Host("ftp://no-such-place", "no-such-record"), HERE)
