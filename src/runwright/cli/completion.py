"""`runwright completion`: the script that lets a shell complete commands, states and the names of flow runs."""

from __future__ import annotations

import sys

import click

from runwright.cli.options import common

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@common
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    For bash: runwright completion bash > ~/.local/share/bash-completion/completions/runwright
    """
    from click.shell_completion import get_completion_class  # noqa: PLC0415  only this command needs it

    from runwright.cli.main import COMPLETION, PROGRAM, root  # noqa: PLC0415  it imports this module

    kind = get_completion_class(shell)
    if kind is not None:
        sys.stdout.write(kind(root, {}, PROGRAM, COMPLETION).source() + "\n")
