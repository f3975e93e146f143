"""Names: the one table of what each name of Prefect 1 is in Runwright, by module. Nothing is imported before it is used.

A target is `module:attribute`; of several, the first that there is counts.
"""

from __future__ import annotations

Target = str | tuple[str, ...]


def _from(module: str, names: str, **others: str) -> dict[str, Target]:
    """Return targets in one module: those that have the same name there, and those that are called otherwise."""
    same: dict[str, Target] = {name: f"{module}:{name}" for name in names.split()}
    return {**same, **{name: f"{module}:{target}" for name, target in others.items()}}


_HERE = "runwright.compat.prefect"

_STATES = _from(
    "runwright.states",
    "State Pending Scheduled Paused Resume Retrying ClientFailed Submitted Queued Running Cancelling Finished Looped "
    "Success Cached Mapped Skipped Cancelled Failed TimedOut TriggerFailed ValidationFailed",
    _MetaState="MetaState",
)
_SIGNALS = _from(
    "runwright.signals",
    "ENDRUN FAIL TRIGGERFAIL VALIDATIONFAIL SUCCESS RETRY SKIP PAUSE LOOP signal_from_state",
    PrefectStateSignal="PipelineSignal",
)
_TRIGGERS = _from(
    "runwright.triggers",
    "all_successful all_failed all_finished always_run any_successful any_failed some_failed some_successful "
    "not_all_skipped manual_only",
)
_VALIDATORS = _from(
    "runwright.cache_validators",
    "never_use duration_only all_inputs all_parameters partial_inputs_only partial_parameters_only",
)
_RESULT = _from("runwright.result", "Result NoResult NoResultType ResultNotImplementedError", ResultInterface="Result")
_RESULTS = _from(
    "runwright.results",
    "LocalResult S3Result GCSResult AzureResult ConstantResult SecretResult",
    PrefectResult="InlineResult",
)
_SERIALIZERS: dict[str, Target] = {
    "Serializer": "runwright.results.serializers.equality:BySettings",
    **_from(
        "runwright.results.serializers",
        "JSONSerializer DateTimeSerializer PandasSerializer CompressedSerializer",
        PickleSerializer="CloudpickleSerializer",
    ),
}
_TASK_RUNNER = _from("runwright.runtime.task_runner", "TaskRunner", TaskRunnerInitializeResult="Initialized")
_FLOW_RUNNER: dict[str, Target] = {
    "FlowRunner": ("runwright.flow_runner:FlowRunner", "runwright.runtime.flow_runner:FlowRunner"),
    "FlowRunnerInitializeResult": "runwright.flow_runner:Initialized",
}
_RUNNER: dict[str, Target] = {
    **_from("runwright.runtime.runner", "Runner call_state_handlers"),
    "ENDRUN": "runwright.signals:ENDRUN",
}
_EXECUTORS = _from(f"{_HERE}.functional_executors", "Executor LocalExecutor LocalDaskExecutor DaskExecutor")
_CLOCKS = _from("runwright.schedules.clocks", "Clock ClockEvent IntervalClock CronClock DatesClock RRuleClock")
_SCHEDULES = _from("runwright.schedules", "Schedule IntervalSchedule CronSchedule RRuleSchedule")
_FILTERS = _from(
    "runwright.schedules.filters",
    "on_datetime on_date between_datetimes between_dates at_time between_times is_weekday is_weekend is_month_end "
    "is_month_start is_day_of_week",
)
_ADJUSTMENTS = _from("runwright.schedules.adjustments", "add next_weekday")
_FLOW = _from("runwright.flow", "Flow")
_TASK = _from("runwright.task", "Task task")
_EDGE = _from("runwright.edge", "Edge")
_PARAMETER = _from("runwright.parameter", "Parameter DateTimeParameter no_default")
_ANNOTATIONS = _from("runwright.mapping", "mapped unmapped flatten EdgeAnnotation")
_RESOURCE = _from(
    "runwright.resource_manager",
    "resource_manager ResourceManager ResourceInitTask ResourceSetupTask ResourceCleanupTask resource_cleanup_trigger",
    ResourceContext="ResourceBlock",
)
_COLLECTIONS = _from("runwright.collecting", "List Tuple Set Dict")
_CONSTANTS = _from("runwright.collecting", "Constant")
_FUNCTION = _from("runwright.task", "FunctionTask")
_OPERATORS: dict[str, Target] = {
    **_from(
        "runwright.operators",
        "GetItem GetAttr Add Sub Mul Div FloorDiv Pow Mod And Or Not Equal NotEqual GreaterThan GreaterThanOrEqual LessThan "
        "LessThanOrEqual",
    ),
    "NoDefault": "runwright.parameter:NoDefault",
    "no_default": "runwright.parameter:no_default",
}
_CASE = _from("runwright.control_flow", "case")
_CONDITIONAL = _from("runwright.control_flow", "switch ifelse merge Merge CompareValue AsBool", CastToBool="AsBool")
_FILTER = _from("runwright.control_flow", "FilterTask")
_SECRETS: dict[str, Target] = {
    **_from("runwright.tasks.secrets", "SecretBase EnvVarSecret Secret"),
    "PrefectSecret": "runwright.tasks.secrets:Secret",
}
_FLOW_RUNS = _from("runwright.tasks.flow_runs", "create_flow_run wait_for_flow_run get_task_run_result")
_SHELL = _from("runwright.tasks.shell", "ShellTask")
_RUN_CONFIGS = _from(
    f"{_HERE}.declarations", "RunConfig UniversalRun LocalRun DockerRun KubernetesRun ECSRun VertexRun"
)
_STORAGE = _from(
    f"{_HERE}.declarations",
    "Storage Local S3 GCS Azure Docker Module GitHub GitLab Git Bitbucket CodeCommit Webhook",
)
_CONTEXT = _from("runwright.context", "context Context")
_VIEWS = _from("runwright.backend", "FlowRunView TaskRunView FlowView FlowRunLog watch_flow_run")
_CLIENT = _from(f"{_HERE}.client", "Secret")
_TASK_TOOLS: dict[str, Target] = {
    **_from("runwright.task", "task"),
    **_from("runwright.tagging", "tags"),
    **_from("runwright.collecting", "as_task"),
    **_from("runwright.mapped_functions", "apply_map"),
    **_from("runwright.attribute_defaults", "defaults_from_attrs"),
    **_from("runwright.pausing", "pause_task"),
    **_ANNOTATIONS,
}
_CONFIGURATION = _from(f"{_HERE}.configuration", "config set_temporary_config Config")

MODULES: dict[str, dict[str, Target]] = {
    "prefect": {
        **_FLOW, **_TASK, **_PARAMETER, **_EDGE, **_ANNOTATIONS, **_CASE, **_CONTEXT,
        **_from("runwright.tagging", "tags"),
        **_from("runwright.mapped_functions", "apply_map"),
        **_from("runwright.resource_manager", "resource_manager"),
        **_from(f"{_HERE}.configuration", "config"),
    },
    "prefect.backend": _VIEWS,
    "prefect.backend.flow": _from("runwright.backend", "FlowView"),
    "prefect.backend.flow_run": _from("runwright.backend", "FlowRunView FlowRunLog watch_flow_run"),
    "prefect.backend.task_run": _from("runwright.backend", "TaskRunView"),
    "prefect.client": _CLIENT,
    "prefect.client.secrets": _CLIENT,
    "prefect.configuration": _CONFIGURATION,
    "prefect.core": {**_FLOW, **_TASK, **_PARAMETER, **_EDGE},
    "prefect.core.edge": _EDGE,
    "prefect.core.flow": _FLOW,
    "prefect.core.parameter": _PARAMETER,
    "prefect.core.task": {**_TASK, "Parameter": _PARAMETER["Parameter"]},
    "prefect.engine": {
        "TaskRunner": _TASK_RUNNER["TaskRunner"],
        "FlowRunner": _FLOW_RUNNER["FlowRunner"],
        **_from(f"{_HERE}.default_classes", "get_default_executor_class get_default_flow_runner_class "
                "get_default_task_runner_class"),
    },
    "prefect.engine.cache_validators": _VALIDATORS,
    "prefect.engine.executors": _EXECUTORS,
    "prefect.engine.flow_runner": _FLOW_RUNNER,
    "prefect.engine.result": _RESULT,
    "prefect.engine.result.base": _RESULT,
    "prefect.engine.results": _RESULTS,
    **{
        f"prefect.engine.results.{kind.lower()}_result": {f"{kind}Result": _RESULTS[f"{kind}Result"]}
        for kind in ("Local", "S3", "GCS", "Azure", "Prefect", "Constant", "Secret")
    },
    "prefect.engine.runner": _RUNNER,
    "prefect.engine.serializers": _SERIALIZERS,
    "prefect.engine.signals": _SIGNALS,
    "prefect.engine.state": _STATES,
    "prefect.engine.task_runner": _TASK_RUNNER,
    "prefect.exceptions": {
        **_from("runwright.runtime.timeouts", "", TaskTimeoutSignal="TaskTimeout"),
        **_from("runwright.errors", "", PrefectException="RunwrightError"),
        **_from(f"{_HERE}.client", "ClientError AuthorizationError ObjectNotFoundError"),
    },
    "prefect.executors": _EXECUTORS,
    "prefect.executors.base": {"Executor": _EXECUTORS["Executor"]},
    "prefect.executors.dask": {name: _EXECUTORS[name] for name in ("DaskExecutor", "LocalDaskExecutor")},
    "prefect.executors.local": {"LocalExecutor": _EXECUTORS["LocalExecutor"]},
    "prefect.run_configs": _RUN_CONFIGS,
    "prefect.schedules": {**_SCHEDULES, **_CLOCKS},
    "prefect.schedules.adjustments": _ADJUSTMENTS,
    "prefect.schedules.clocks": _CLOCKS,
    "prefect.schedules.filters": _FILTERS,
    "prefect.schedules.schedules": _SCHEDULES,
    "prefect.storage": _STORAGE,
    "prefect.tasks": {},
    "prefect.tasks.control_flow": {**_CASE, **_CONDITIONAL, **_FILTER},
    "prefect.tasks.control_flow.case": _CASE,
    "prefect.tasks.control_flow.conditional": _CONDITIONAL,
    "prefect.tasks.control_flow.filter": _FILTER,
    "prefect.tasks.core": {**_COLLECTIONS, **_CONSTANTS, **_FUNCTION, **_OPERATORS},
    "prefect.tasks.core.collections": _COLLECTIONS,
    "prefect.tasks.core.constants": _CONSTANTS,
    "prefect.tasks.core.function": _FUNCTION,
    "prefect.tasks.core.operators": _OPERATORS,
    "prefect.tasks.core.resource_manager": _RESOURCE,
    "prefect.tasks.prefect": _FLOW_RUNS,
    "prefect.tasks.prefect.flow_run": _FLOW_RUNS,
    "prefect.tasks.secrets": _SECRETS,
    "prefect.tasks.secrets.base": {name: _SECRETS[name] for name in ("SecretBase", "PrefectSecret")},
    "prefect.tasks.secrets.env_var": {"EnvVarSecret": _SECRETS["EnvVarSecret"]},
    "prefect.tasks.shell": _SHELL,
    "prefect.triggers": _TRIGGERS,
    "prefect.utilities": {},
    "prefect.utilities.collections": {
        **_from(f"{_HERE}.nesting", "merge_dicts flatten_seq as_nested_dict dict_to_flatdict flatdict_to_dict CompoundKey"),
        **_from(f"{_HERE}.configuration", "", DotDict="Config"),
    },
    "prefect.utilities.configuration": _CONFIGURATION,
    "prefect.utilities.context": _CONTEXT,
    "prefect.utilities.debug": _from(f"{_HERE}.debugging", "raise_on_exception is_serializable"),
    "prefect.utilities.edges": _ANNOTATIONS,
    "prefect.utilities.exceptions": {
        **_from("runwright.runtime.timeouts", "", TaskTimeoutError="TaskTimeout", TaskTimeoutSignal="TaskTimeout"),
        **_from("runwright.errors", "", PrefectError="RunwrightError"),
        **_from(f"{_HERE}.client", "ClientError AuthorizationError"),
    },
    "prefect.utilities.executors": _from(f"{_HERE}.recursion", "RecursiveCall tail_recursive"),
    "prefect.utilities.logging": _from(f"{_HERE}.loggers", "get_logger configure_logging prefect_logger"),
    "prefect.utilities.tasks": _TASK_TOOLS,
}  # fmt: skip

INSTEAD: dict[str, str] = {
    "prefect.Client": "read runs with prefect.backend.FlowRunView, start them with prefect.tasks.prefect.create_flow_run.",
    "prefect.agent": "no agent is needed: run flows with flow.run() or `runwright run FILE.py`.",
    "prefect.artifacts": "log what you want to keep, or return it as the task's result.",
    "prefect.backend.artifacts": "log what you want to keep, or return it as the task's result.",
    "prefect.backend.kv_store": "give values as parameters, or as context.",
    "prefect.backend.get_key_value": "give values as parameters, or as context.",
    "prefect.backend.set_key_value": "give values as parameters, or as context.",
    "prefect.cli": "the command line is `runwright`: runwright --help.",
    "prefect.client.Client": "read runs with prefect.backend.FlowRunView, start them with prefect.tasks.prefect.create_flow_run.",
    "prefect.engine.cloud": "what runs is recorded without a server: use FlowRunner and TaskRunner.",
    "prefect.environments": "give the flow an executor: Flow(executor=LocalDaskExecutor()).",
    "prefect.tasks.files": "write a task with pathlib and shutil, or use ShellTask.",
    "prefect.tasks.notifications": "write a state handler that sends the message: Flow(on_failure=...).",
    "prefect.utilities.graphql": "there is no server to query: read runs with runwright.backend.",
    "prefect.utilities.notifications": "write a state handler that sends the message: Flow(on_failure=...).",
}
"""What to use in the place of a module or name that Runwright does not have."""
