"""Selection: the conditions of filters as SQL, with the way through the tables that serves them best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from runwright import ids
from runwright.states import KIND_BY_NAME
from runwright.stores.matching import codes_of, id_range
from runwright.stores.sql import queries
from runwright.stores.texts import to_json

if TYPE_CHECKING:
    from runwright.views import FlowRunFilter, GroupBy, TaskRunFilter

_SUCCESS = KIND_BY_NAME["Success"].code
_CACHED = KIND_BY_NAME["Cached"].code
_NO_LIMIT = (1 << 63) - 1
GROUPS: dict[GroupBy, str] = {"state": "t.state", "task": "k.slug", "flow": "w.name", "flow_run": "f.id"}


class Query(NamedTuple):
    """A query that is ready to run."""

    text: str
    values: dict[str, Any]


def task_runs(dialect: str, which: TaskRunFilter, after: tuple[int, int] | None) -> list[Query]:
    """Return queries that each give matching rows in order; there are several only where one for each state is faster.

    `after` is the key of the flow run and the ordinal of the last row of the page before.
    """
    sql = queries(dialect, "reads")
    where = _Conditions(sql, which)
    codes = codes_of(which.states) if which.states else None
    order = "ASC" if which.oldest_first else "DESC"
    limit = {"limit": _NO_LIMIT if which.limit is None else which.limit}
    ordering = f"ORDER BY t.flow_run {order}, t.ordinal {order} LIMIT :limit"
    if which.cache_key is not None:
        where.add_rows(after)
        where.add_one_state()
        where.add_states(codes)
        return [_select(sql, "by_cache_key", where, ordering, {**limit, "state": _CACHED})]
    if codes is None or _SUCCESS in codes:
        where.add_states(codes)
        if _goes_by_row(sql, which):
            where.add_rows(after)
            return [_select(sql, "by_row", where, ordering, limit)]
        where.add_ranges(after)
        ordering = f"ORDER BY {sql['order_by_expansion'].format(order=order)} LIMIT :limit"
        return [_select(sql, "by_expansion", where, ordering, limit)]
    where.add_rows(after)
    where.add_one_state()
    base = _select(sql, "by_state", where, ordering, limit)
    return [Query(base.text, {**base.values, "state": code}) for code in sorted(codes)]


def counts(dialect: str, which: TaskRunFilter, by: GroupBy | None, *, of_rows: bool) -> list[Query]:
    """Return queries of pairs of group and count, to be added up.

    Mapped children are counted by the tally, which also knows those without a row, unless it is `of_rows`; it does not know those
    that have a wanted tag only because they were given it, which are added.
    """
    sql = queries(dialect, "reads")
    found: list[Query] = []
    if of_rows or which.is_mapped_child is not True:
        where, source = _Conditions(sql, which), "by_expansion"
        if of_rows and _goes_by_row(sql, which):
            source = "by_row"
            where.add_rows(None)
        else:
            where.add_ranges(None)
        if not of_rows:
            where.add("x.task IS NULL AND t.map_index < 0")
        found.append(_count(sql[source], "count(*)", where, by))
    if not of_rows and which.is_mapped_child is not False:
        of_tasks = _Conditions(sql, which, is_of_rows=False)
        found.append(_count(sql["by_tally"], "coalesce(sum(t.count), 0)", of_tasks, by))
        if which.tags:
            where = _Conditions(sql, which)
            where.add_ranges(None)
            where.add("t.map_index >= 0")
            where.add_given()
            found.append(_count(sql["by_expansion"], "count(*)", where, by))
    return found


def flow_runs(dialect: str, which: FlowRunFilter) -> Query:
    """Return the query of flow runs, newest first."""
    sql = queries(dialect, "reads")
    where = _Where(sql)
    low, high = id_range(which.id_prefix) if which.id_prefix else (None, None)
    where.add("f.id = :id", id=None if which.id is None else which.id.bytes)
    where.add_kept(which.without_deleted)
    where.add("f.id BETWEEN :low AND :high", low=low, high=high)
    where.add("f.name = :name", name=which.name)
    where.add("w.name = :flow", flow=which.flow)
    where.add(f"{sql['starter']} = :started_by", started_by=which.started_by)
    where.add_listed("f.state", "states", _codes(which.states))
    where.add("f.updated >= :since", since=which.since)
    where.add("f.updated <= :until", until=which.until)
    where.add(
        "f.key < (SELECT key FROM flow_run WHERE id = :after)", after=None if which.after is None else which.after.bytes
    )
    limit = _NO_LIMIT if which.limit is None else which.limit
    return Query(sql["flow_runs"].format(conditions=where.text), {**where.values, "limit": limit})


def _goes_by_row(sql: dict[str, str], which: TaskRunFilter) -> bool:
    """Say whether rows are best read in their own order: where the dialect can, unless only some children are wanted."""
    return "by_row" in sql and not any(index >= 0 for index in which.map_index)


class _Where:
    """Conditions joined by AND; one whose values are None does not restrict."""

    def __init__(self, sql: dict[str, str]) -> None:
        self._sql = sql
        self._terms: list[str] = []
        self.values: dict[str, Any] = {}

    def add(self, term: str, **values: Any) -> None:
        if all(value is not None for value in values.values()):
            self._terms.append(term)
            self.values.update(values)

    def add_kept(self, without_deleted: bool) -> None:  # noqa: FBT001  as the filters have it
        if without_deleted:
            self.add(self._sql["is_kept"])

    def add_listed(self, column: str, name: str, values: Any) -> None:
        self.add(f"{column} {self._sql['is_listed'].format(name=name)}", **{name: values})

    @property
    def text(self) -> str:
        return " AND ".join(self._terms) or "TRUE"


class _Conditions(_Where):
    """The conditions of a filter of task runs that all ways through the tables share; those on tallies know tasks, and no rows."""

    def __init__(self, sql: dict[str, str], which: TaskRunFilter, *, is_of_rows: bool = True) -> None:
        super().__init__(sql)
        self.which = which
        self.add("f.id = :flow_run", flow_run=None if which.flow_run is None else which.flow_run.bytes)
        self.add_kept(which.without_deleted)
        self.add("f.name = :flow_run_name", flow_run_name=which.flow_run_name)
        self.add("w.name = :flow", flow=which.flow)
        self.add("(k.slug = :task OR k.name = :task)", task=which.task)
        self._tags = {f"tag{index}": tag for index, tag in enumerate(dict.fromkeys(which.tags))}
        for name, tag in self._tags.items():
            tagged = sql["is_tagged"].format(name=name)
            self.add(sql["has_tag"].format(task=tagged, name=name) if is_of_rows else tagged, **{name: tag})

    def add_states(self, codes: frozenset[int] | None) -> None:
        self.add_listed("t.state", "states", None if codes is None else to_json(sorted(codes)))

    def add_one_state(self) -> None:
        self._terms.append("t.state = :state AND t.state <> 11")

    def add_given(self) -> None:
        """Leave out those whose tasks have all the tags themselves, and unread the ranges in which none was given."""
        tagged = (self._sql["is_tagged"].format(name=name) for name in self._tags)
        self.add(f"NOT ({' AND '.join(tagged)})")
        self.add(_given_in_range(f"IN ({', '.join(f':{name}' for name in self._tags)})"))

    def add_child(self, yes: str, no: str) -> None:
        is_child = self.which.is_mapped_child
        if is_child is not None:
            self.add(yes if is_child else no)

    def add_ranges(self, after: tuple[int, int] | None) -> None:
        """Restrict flow runs and expansions too, so that whole ranges are left out unread."""
        which = self.which
        children = [index for index in which.map_index if index >= 0]
        self.values["low"] = min(children, default=0)
        self.values["high"] = max(children, default=ids.MAX_ORDINAL)
        # The plus keeps the condition from the planner, which would no longer see that rows come in order, and sort them.
        self.add("+x.parent = :parent", parent=which.parent)
        self.add("f.updated >= :since", since=which.since)
        self.add("f.created <= :until", until=which.until)
        if which.task is not None:
            self.add(
                "(x.task IS NULL OR EXISTS (SELECT 1 FROM task WHERE task.flow = f.flow AND task.idx = x.task"
                " AND (task.slug = :task OR task.name = :task)))"
            )
        for name in self._tags:
            tagged = self._sql["is_tagged"].format(name=name).replace("k.tags", "task.tags")
            self._terms.append(
                f"(x.task IS NULL OR EXISTS (SELECT 1 FROM task WHERE task.flow = f.flow AND task.idx = x.task AND {tagged})"
                f" OR {_given_in_range(f'= :{name}')})"
            )
        self._add_columns()
        if after is not None:
            sign, beyond = (">", -1) if which.oldest_first else ("<", ids.MAX_ORDINAL + 1)
            self.add(f"f.key {sign}= :key", key=after[0], last=after[1], beyond=beyond)
            self.add(f"t.ordinal {sign} CASE WHEN f.key = :key THEN :last ELSE :beyond END")

    def add_rows(self, after: tuple[int, int] | None) -> None:
        """Restrict rows that are read without a look at expansions."""
        if self.which.flow_run is not None:
            self.add("t.flow_run = (SELECT key FROM flow_run WHERE id = :flow_run)")
        self.add("t.parent = :parent", parent=self.which.parent)
        self._add_columns()
        if after is not None:
            sign = ">" if self.which.oldest_first else "<"
            self.add(f"(t.flow_run, t.ordinal) {sign} (:key, :last)", key=after[0], last=after[1])

    def _add_columns(self) -> None:
        which = self.which
        self.add_child("t.map_index >= 0", "t.map_index < 0")
        self.add_listed("t.map_index", "map_index", _listed(which.map_index))
        self.add_listed("t.ordinal", "ordinals", _listed(which.ordinals))
        self.add("t.updated >= :since", since=which.since)
        self.add("t.updated <= :until", until=which.until)
        self.add(f"t.state = {_CACHED} AND {self._sql['cache_key']} = :cache_key", cache_key=which.cache_key)


def _given_in_range(tag: str) -> str:
    # SQLite makes a join of EXISTS, and would look at every row of a range first.
    return (
        f"(SELECT 1 FROM given_tag g WHERE g.flow_run = f.key AND g.tag {tag}"
        " AND g.ordinal BETWEEN x.first AND x.first + x.count - 1 LIMIT 1) IS NOT NULL"
    )


def _select(sql: dict[str, str], source: str, where: _Where, ordering: str, values: dict[str, Any]) -> Query:
    columns = sql["task_run_columns"].format(given_tags=sql["given_tags"])
    text = f"SELECT {columns} {sql[source]} WHERE {where.text} {ordering}"
    return Query(text, {**where.values, **values})


def _count(source: str, number: str, where: _Conditions, by: GroupBy | None) -> Query:
    where.add_states(codes_of(where.which.states) if where.which.states else None)
    group, grouping = (GROUPS[by], f" GROUP BY {GROUPS[by]}") if by else ("'count'", "")
    return Query(f"SELECT {group}, {number} {source} WHERE {where.text}{grouping}", where.values)


def _listed(values: tuple[int, ...]) -> str | None:
    return to_json(values) if values else None


def _codes(states: tuple[str, ...]) -> str | None:
    return to_json(sorted(codes_of(states))) if states else None
