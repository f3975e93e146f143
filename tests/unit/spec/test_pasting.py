"""Commands and scripts that take values from outside as they are: the author is warned, and told what to write instead."""

from __future__ import annotations

import pytest

from runwright.spec import examine

INPUTS = """
  - {id: text, type: STRING}
  - {id: number, type: INT}
  - {id: file, type: FILE}
  - {id: when, type: DATETIME}
  - {id: colour, type: SELECT, values: [red, blue]}
  - {id: free, type: SELECT, values: [red, blue], allowCustomValue: true}
  - {id: found, type: SELECT, expression: "{{ ['a'] }}"}
  - {id: nested.number, type: INT}
  - {id: nested.text, type: EMAIL}
  - {id: list, type: ARRAY, itemType: STRING}
"""


def warned_of(task, more=""):
    """Return the warnings about pasted values of a flow of one task."""
    lines = "".join(f"    {line}\n" for line in task.strip("\n").split("\n"))
    outcome = examine(f"id: f\nnamespace: n\ninputs:{INPUTS}tasks:\n  - id: t\n{lines}{more}")
    assert outcome.spec is not None, outcome.problems
    return [each for each in outcome.problems if each.code == "pasted_value"]


def of_command(text):
    quoted = text.replace('"', '\\"')
    return warned_of(f'type: shell.Commands\ncommands: ["{quoted}"]')


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("echo {{ inputs.text }}", "`inputs.text`"),
        ("echo '{{ inputs.text }}'", "`inputs.text`"),
        ("echo {{ inputs['text'] | upper | trim }}", "`inputs.text`"),
        ("echo {{ 'a' ~ inputs.text }}", "`inputs.text`"),
        ("echo {{ inputs.none ?? 'a' }}", "`inputs.none`"),
        ("echo {{ inputs.number > 1 ? inputs.text : 'a' }}", "`inputs.text`"),
        ("echo {{ inputs.text | json }}", "`inputs.text`"),
        ("echo {{ inputs.free }} {{ inputs.found }}", "`inputs.found`"),
        ("echo {{ inputs.nested.text }}", "`inputs.nested.text`"),
        ("echo {{ inputs }}", "`inputs`"),
        ("echo {{ inputs['a-b'] }}", "`inputs['a-b']`"),
        ("{% for each in inputs.list %}rm {{ each }};{% endfor %}", "`inputs.list`"),
        ("{% set x = inputs.text %}echo {{ x | lower }}", "`inputs.text`"),
        ("{% if inputs.number == 1 %}echo {{ inputs.text }}{% endif %}", "`inputs.text`"),
        ("echo {{ render(inputs.text) }}", "`inputs.text`"),
        ("echo {{ trigger.body.name }}", "`trigger.body.name`"),
        ("echo {{ trigger.outputs.uri }}", "`trigger.outputs.uri`"),
        ("echo {{ labels.team }}", "`labels.team`"),
        ("echo {{ outputs.get.body }}", "`outputs.get.body`"),
        ("echo {{ outputs.each[taskrun.value].value }}", "`outputs.each[...].value`"),
        ("echo {{ outputs.set.values.uri }}", "`outputs.set.values.uri`"),
        ("echo {{ read('a.txt') }}", "`read(...)`"),
        ("echo {{ inputs.text | default(trigger.body) }}", "`inputs.text`, `trigger.body`"),
    ],
)
def test_what_others_can_choose_is_told(command, named):
    (problem,) = of_command(command)
    assert named in problem.message
    assert problem.is_warning


@pytest.mark.parametrize(
    "command",
    [
        "echo hello",
        "echo {{ inputs.number }} {{ inputs.when }} {{ inputs.nested.number }}",
        "cat {{ inputs.file }}",
        "echo {{ inputs.colour }}",
        "echo '{{ inputs.text | escapeChar('shell') }}'",
        "echo {{ inputs.text | length }} {{ inputs.text | sha256 }} {{ inputs.text | number + 1 }}",
        "echo {{ inputs.text == 'a' }} {{ inputs.text is empty }} {{ not inputs.text }}",
        "echo {{ inputs.text is empty ? 'a' : 'b' }}",
        "{% for each in inputs.list %}echo x{% endfor %}",
        "{% if inputs.text == 'a' %}echo x{% endif %}",
        "{% set x = inputs.text | slugify %}echo {{ x }}",
        "cat {{ outputs.get.uri }} {{ outputs.run.outputFiles['a.csv'] }} {{ outputs.run[inputs.text].exitCode }}",
        "echo {{ trigger.date }} {{ flow.id }} {{ execution.id }} {{ taskrun.value }} {{ vars.place }}",
        "echo {{ inputs.text",
    ],
)
def test_what_the_author_chose_or_quoted_is_not(command):
    assert [] == of_command(command)


@pytest.mark.parametrize(
    ("task", "path", "line"),
    [
        ("type: shell.Commands\ncommands:\n  - 'true'\n  - 'echo {{ inputs.text }}'", "tasks[0].commands[1]", 19),
        (
            "type: shell.Commands\nbeforeCommands: ['echo {{ inputs.text }}']\ncommands: ['true']",
            "tasks[0].beforeCommands[0]",
            17,
        ),
        ("type: shell.Commands\ncommands: 'echo {{ inputs.text }}'", "tasks[0].commands[0]", 17),
        ("type: shell.Script\nscript: |\n  echo {{ inputs.text }}", "tasks[0].script", 17),
        ("type: python.Commands\ncommands: ['python {{ inputs.text }}']", "tasks[0].commands[0]", 17),
        (
            "type: flow.If\ncondition: 'true'\nthen:\n  - {id: i, type: shell.Commands, commands: ['echo {{ inputs.text }}']}",
            "tasks[0].then[0].commands[0]",
            19,
        ),
    ],
)
def test_each_place_where_a_shell_reads_is_looked_at(task, path, line):
    (problem,) = warned_of(task)
    assert (path, line) == (problem.path, problem.line)


@pytest.mark.parametrize("branch", ["errors", "finally", "afterExecution"])
def test_and_each_branch(branch):
    more = f"{branch}:\n  - {{id: e, type: shell.Commands, commands: ['echo {{{{ inputs.text }}}}']}}\n"
    (problem,) = warned_of("type: debug.Return\nformat: '{{ inputs.text }}'", more)
    assert f"{branch}[0].commands[0]" == problem.path


def test_what_is_handed_over_by_the_environment_is_no_code():
    assert [] == warned_of("type: shell.Commands\nenv: {X: '{{ inputs.text }}'}\ncommands: ['echo \"$X\"']")


def test_it_says_what_to_write_instead():
    (problem,) = of_command("echo {{ inputs.text }}")
    assert 'set `env: {VALUE: "{{ inputs.text }}"}` and read `"$VALUE"`' in problem.message
    assert "`'{{ inputs.text | escapeChar('shell') }}'`" in problem.message


def test_a_script_in_python_is_code_too():
    (problem,) = warned_of("type: python.Script\nscript: |\n  x = '{{ inputs.text }}'")
    assert ("os.environ['VALUE']" in problem.message, "{{ inputs.text | json }}" in problem.message) == (True, True)
    assert [] == warned_of("type: python.Script\nscript: |\n  x = {{ inputs.text | json }}")
