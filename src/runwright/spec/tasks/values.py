"""Values: tasks that keep values and files between executions, and fetch them from elsewhere."""

from typing import Annotated, ClassVar

from runwright.spec.key_types import (
    AnyMap,
    AnyMapOrText,
    Anything,
    Boolean,
    Expression,
    ListOrText,
    Positive,
    RenderedBoolean,
    RenderedDuration,
    Text,
    TextOrTexts,
)
from runwright.spec.kinds import Choice
from runwright.spec.tasks.files import InputFiles
from runwright.spec.tasks.task import CORE, Task

OLD = "io.kestra.core.tasks."
KV_TYPES = ("STRING", "NUMBER", "BOOLEAN", "DATETIME", "DATE", "DURATION", "JSON")


def _names(name: str, *old: str) -> tuple[str, ...]:
    """Return the full name, the short form and the older names of a type."""
    return (f"{CORE}{name}", name, *old)


class SetKv(Task, frozen=True, kw_only=True):
    """Keeps a value under a key of the namespace."""

    names: ClassVar = _names("kv.Set")

    key: Annotated[Expression, "The key."]
    value: Annotated[Anything, "The value; a text is rendered."]
    kv_type: Annotated[str | None, Choice(*KV_TYPES), "What the rendered text is."] = None
    namespace: Annotated[Expression | None, "The namespace; the flow's where none is given."] = None
    kv_description: Annotated[Text | None, "What the value is."] = None
    overwrite: Annotated[RenderedBoolean, "Replace what is there; without it that is a failure."] = True
    ttl: Annotated[RenderedDuration | None, "How long the value is kept."] = None


class GetKv(Task, frozen=True, kw_only=True):
    """Reads the value of a key."""

    names: ClassVar = _names("kv.Get")

    key: Annotated[Expression, "The key."]
    namespace: Annotated[Expression | None, "The namespace; the flow's where none is given."] = None
    error_on_missing: Annotated[RenderedBoolean, "A key that is not there is a failure."] = False


class KvKeys(Task, frozen=True, kw_only=True):
    """Lists the keys of a namespace."""

    names: ClassVar = _names("kv.GetKeys")

    prefix: Annotated[Expression | None, "Only keys that begin with this."] = None
    namespace: Annotated[Expression | None, "The namespace; the flow's where none is given."] = None


class DeleteKv(Task, frozen=True, kw_only=True):
    """Deletes a key."""

    names: ClassVar = _names("kv.Delete")

    key: Annotated[Expression, "The key."]
    namespace: Annotated[Expression | None, "The namespace; the flow's where none is given."] = None
    error_on_missing: Annotated[RenderedBoolean, "A key that is not there is a failure."] = False


class StateTask(Task, frozen=True, kw_only=True):
    """What tasks that keep a state of the flow say."""

    name: Annotated[Expression, "The name of the state."] = "default"
    namespace: Annotated[RenderedBoolean, "The state belongs to the namespace, not to the flow."] = False
    taskrun_value: Annotated[RenderedBoolean, "Each value of a loop has its own state."] = True


class SetState(StateTask, frozen=True, kw_only=True):
    """Adds to a state of the flow."""

    names: ClassVar = _names("state.Set", f"{OLD}states.Set")

    data: Annotated[AnyMap, "Values by name; expressions are rendered."] = {}


class GetState(StateTask, frozen=True, kw_only=True):
    """Reads a state of the flow."""

    names: ClassVar = _names("state.Get", f"{OLD}states.Get")

    error_on_missing: Annotated[RenderedBoolean, "A state that is not there is a failure."] = False


class DeleteState(StateTask, frozen=True, kw_only=True):
    """Deletes a state of the flow."""

    names: ClassVar = _names("state.Delete", f"{OLD}states.Delete")

    error_on_missing: Annotated[RenderedBoolean, "A state that is not there is a failure."] = False


class HttpTask(Task, frozen=True, kw_only=True):
    """What tasks that send HTTP requests say."""

    uri: Annotated[Expression, "Where to."]
    method: Annotated[Expression, "The method."] = "GET"
    body: Annotated[Expression | None, "The body."] = None
    content_type: Annotated[Expression | None, "What the body is."] = None
    headers: Annotated[AnyMapOrText, "Headers by name."] = {}
    params: Annotated[AnyMapOrText, "Parameters of the query by name."] = {}
    form_data: Annotated[AnyMapOrText, "Fields of a form by name, instead of a body."] = {}
    options: Annotated[AnyMap, "Time limits, authentication, certificates and the like."] = {}


class HttpRequest(HttpTask, frozen=True, kw_only=True):
    """Sends an HTTP request and hands on the answer."""

    names: ClassVar = _names("http.Request", "io.kestra.plugin.fs.http.Request")

    encrypt_body: Annotated[Boolean, "Keep the answer's body encrypted."] = False


class HttpDownload(HttpTask, frozen=True, kw_only=True):
    """Fetches a file over HTTP."""

    names: ClassVar = _names("http.Download", "io.kestra.plugin.fs.http.Download")

    fail_on_empty_response: Annotated[RenderedBoolean, "An empty answer is a failure."] = True
    save_as: Annotated[Expression | None, "The name of the stored file."] = None


class LocalFiles(Task, frozen=True, kw_only=True):
    """Writes files into the working directory, and keeps files of it."""

    names: ClassVar = _names("storage.LocalFiles", f"{OLD}storages.LocalFiles")

    inputs: Annotated[InputFiles, "Contents or URIs by file name."] = None
    outputs: Annotated[TextOrTexts, "Files to keep, as globs."] = ()


class Concat(Task, frozen=True, kw_only=True):
    """Puts files one after the other."""

    names: ClassVar = _names("storage.Concat", f"{OLD}storages.Concat")

    files: Annotated[ListOrText, "Their URIs."]
    separator: Annotated[Text | None, "What comes between two."] = None
    extension: Annotated[Expression, "The ending of the new file's name."] = ".tmp"


class Split(Task, frozen=True, kw_only=True):
    """Cuts a file in several."""

    names: ClassVar = _names("storage.Split", f"{OLD}storages.Split")

    from_: Annotated[Expression, "The URI of the file."]
    rows: Annotated[Positive | None, "The number of lines in each."] = None
    bytes: Annotated[Expression | None, "The size of each, such as `10 MB`."] = None
    partitions: Annotated[Positive | None, "The number of files."] = None
    separator: Annotated[Text, "What ends a line."] = "\n"
    regex_pattern: Annotated[Text | None, "Lines with the same match go to the same file."] = None


class Reverse(Task, frozen=True, kw_only=True):
    """Writes the lines of a file from the last to the first."""

    names: ClassVar = _names("storage.Reverse", f"{OLD}storages.Reverse")

    from_: Annotated[Expression, "The URI of the file."]
    separator: Annotated[Text, "What ends a line."] = "\n"
    charset: Annotated[Text, "The encoding of the file."] = "UTF-8"


class Size(Task, frozen=True, kw_only=True):
    """Measures a file."""

    names: ClassVar = _names("storage.Size", f"{OLD}storages.Size")

    uri: Annotated[Expression, "The URI of the file."]


class DeleteFile(Task, frozen=True, kw_only=True):
    """Deletes a file."""

    names: ClassVar = _names("storage.Delete", f"{OLD}storages.Delete")

    uri: Annotated[Expression, "The URI of the file."]
    error_on_missing: Annotated[RenderedBoolean, "A file that is not there is a failure."] = False


class DeduplicateItems(Task, frozen=True, kw_only=True):
    """Keeps the last of the lines that have the same key."""

    names: ClassVar = _names("storage.DeduplicateItems", f"{OLD}storages.DeduplicateItems")

    from_: Annotated[Expression, "The URI of the file."]
    expr: Annotated[Expression, "Yields the key of a line."]


class FilterItems(Task, frozen=True, kw_only=True):
    """Keeps the lines for which a condition holds."""

    names: ClassVar = _names("storage.FilterItems", f"{OLD}storages.FilterItems")

    from_: Annotated[Expression, "The URI of the file."]
    filter_condition: Annotated[Expression, "Whether a line is meant."]
    filter_type: Annotated[str, Choice("INCLUDE", "EXCLUDE"), "What happens to lines that are meant."] = "INCLUDE"
    error_or_null_behavior: Annotated[
        str, Choice("FAIL", "INCLUDE", "EXCLUDE"), "What happens when the condition yields nothing."
    ] = "FAIL"


class PurgeFiles(Task, frozen=True, kw_only=True):
    """Deletes the files of this execution."""

    names: ClassVar = _names("storage.PurgeCurrentExecutionFiles", f"{OLD}storages.PurgeCurrentExecutionFiles")


class Write(Task, frozen=True, kw_only=True):
    """Writes a text to a file."""

    names: ClassVar = _names("storage.Write")

    content: Annotated[Expression, "The text."]
    extension: Annotated[Expression | None, "The ending of the file's name."] = None


TYPES: tuple[type[Task], ...] = (
    SetKv, GetKv, KvKeys, DeleteKv, SetState, GetState, DeleteState, HttpRequest, HttpDownload, LocalFiles, Concat, Split,
    Reverse, Size, DeleteFile, DeduplicateItems, FilterItems, PurgeFiles, Write,
)  # fmt: skip
