"""Declarations: run configurations and storages of flows. They are accepted and kept; Runwright runs flows where they are."""

from __future__ import annotations

from typing import Any, ClassVar, Self


class Declaration:
    """What somebody said, by name: each argument is an attribute."""

    fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Keep the arguments; raises `TypeError` for more of them than there are by place."""
        if len(args) > len(self.fields):
            raise TypeError(
                f"{type(self).__name__} takes at most {len(self.fields)} arguments by place: {self.fields}."
            )
        self.__dict__.update(dict.fromkeys(self.fields), **dict(zip(self.fields, args, strict=False)), **kwargs)

    def serialize(self) -> dict[str, Any]:
        """Return what was said, as plain data."""
        return {"type": type(self).__name__, **{key: _plain(value) for key, value in self.__dict__.items()}}

    def __eq__(self, other: object) -> bool:
        """Compare kind and arguments."""
        return type(self) is type(other) and self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]  equal by value, and changeable

    def __repr__(self) -> str:
        """Return the kind and what was said."""
        said = ", ".join(f"{key}={value!r}" for key, value in self.__dict__.items() if value is not None)
        return f"{type(self).__name__}({said})"


class RunConfig(Declaration):
    """Where an agent would run the flow; `labels` is a set."""

    fields = ("env", "labels")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Keep the arguments."""
        super().__init__(*args, **kwargs)
        self.labels: set[str] = set(self.__dict__.get("labels") or ())


class UniversalRun(RunConfig):
    """Anywhere."""


class LocalRun(RunConfig):
    """On the agent's machine."""

    fields = ("env", "working_dir", "labels")


class DockerRun(RunConfig):
    """In a container."""

    fields = ("image", "env", "labels", "ports", "host_config")


class KubernetesRun(RunConfig):
    """In a cluster."""

    fields = ("job_template_path", "job_template", "image", "env", "cpu_limit", "cpu_request", "memory_limit")


class ECSRun(RunConfig):
    """On ECS."""

    fields = ("task_definition", "task_definition_path", "task_definition_arn", "image", "env", "cpu", "memory")


class VertexRun(RunConfig):
    """On Vertex."""

    fields = ("env", "labels", "image", "machine_type")


class Storage(Declaration):
    """Where the code of flows would be kept: `flows` are the names of those that were added."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Keep the arguments."""
        super().__init__(*args, **kwargs)
        self.flows: dict[str, str] = {}

    def add_flow(self, flow: Any) -> str:
        """Keep the name of a flow and return it; raises `ValueError` for a second flow of the name."""
        if flow.name in self:
            raise ValueError(f'Name conflict: Flow with the name "{flow.name}" is already present in this storage.')
        self.flows[flow.name] = flow.name
        return flow.name

    def build(self) -> Self:
        """Return itself: there is nothing to build."""
        return self

    def __contains__(self, name: object) -> bool:
        """Say whether a flow of this name was added."""
        return name in self.flows


class Local(Storage):
    """In a directory."""

    fields = ("directory", "validate", "path", "stored_as_script")


class S3(Storage):
    """In S3."""

    fields = ("bucket", "key", "stored_as_script", "local_script_path")


class GCS(Storage):
    """In Google Cloud Storage."""

    fields = ("bucket", "key", "project", "stored_as_script")


class Azure(Storage):
    """In Azure Blob Storage."""

    fields = ("container", "connection_string", "blob_name", "stored_as_script")


class Docker(Storage):
    """In an image."""

    fields = ("registry_url", "base_image", "dockerfile", "python_dependencies", "image_name", "image_tag")


class Module(Storage):
    """In an importable module."""

    fields = ("module",)


class GitHub(Storage):
    """In a repository on GitHub."""

    fields = ("repo", "path", "ref")


class GitLab(Storage):
    """In a repository on GitLab."""

    fields = ("repo", "path", "host", "ref")


class Git(Storage):
    """In a git repository."""

    fields = ("flow_path", "repo")


class Bitbucket(Storage):
    """In a repository on Bitbucket."""

    fields = ("project", "repo", "path")


class CodeCommit(Storage):
    """In a repository on CodeCommit."""

    fields = ("repo", "path")


class Webhook(Storage):
    """Behind a web address."""

    fields = ("build_request_kwargs", "build_request_http_method", "get_flow_request_kwargs")


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, set) else value
