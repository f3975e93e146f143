"""Load: YAML text to nodes. The only module that knows the library for YAML.

The library gives events, and nothing of it is trusted further: size, depth, tags, aliases and duplicate keys are checked while
the nodes are made from the events, before anything is multiplied. Meaning is none of this module's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from runwright.spec.nodes import Mapping, Node, Scalar, Sequence, words_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runwright.spec.findings import Findings, Path

MOST_BYTES = 256 * 1024
MOST_NODES = 10_000
MOST_ALIASES = 100
DEEPEST = 50

_CORE = "tag:yaml.org,2002:"
_SCALAR_TAGS = {f"{_CORE}{name}" for name in ("str", "int", "float", "bool", "null")}
_TEXT_TAGS = {"!", f"{_CORE}str"}
_MERGE = "<<"


class Place(NamedTuple):
    """A place in the text, for problems that have no node."""

    line: int
    column: int


class _Stop(Exception):
    """Reading on would make no sense: the problem is kept."""


def load(text: str | bytes, findings: Findings) -> Node | None:
    """Return the one document of the text; None when it cannot be read as one, which `findings` then says."""
    try:
        return _Composer(findings).compose(_text_of(text, findings))
    except _Stop:
        return None


def _text_of(content: str | bytes, findings: Findings) -> str:
    start = Place(1, 1)
    if len(content) > MOST_BYTES:
        findings.add(start, (), "yaml_size", f"The file has more than {MOST_BYTES // 1024} KiB: split the flow.")
        raise _Stop
    try:
        if isinstance(content, bytes):
            content = decoded(content)
        content.encode()
    except UnicodeError:
        findings.add(start, (), "yaml_encoding", "The file is no UTF-8 text: save it as UTF-8.")
        raise _Stop from None
    return content.removeprefix("\ufeff")


def decoded(content: bytes) -> str:
    """Return the text of a file: UTF-8, or UTF-16 with its mark; raises `UnicodeError`."""
    is_wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    return content.decode("utf-16" if is_wide else "utf-8-sig")


class _Frame:
    """A list or mapping that is being read."""

    __slots__ = ("anchor", "firsts", "key", "merged", "node")

    def __init__(self, node: Sequence | Mapping, anchor: str | None) -> None:
        self.node = node
        self.anchor = anchor
        self.key: Scalar | None = None
        self.firsts: dict[str, int] = {}
        self.merged: list[Mapping] = []


class _Composer:
    """Makes nodes of events, within the limits."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.frames: list[_Frame] = []
        self.anchors: dict[str, Node | None] = {}
        self.count = 0
        self.aliases = 0
        self.root: Node | None = None
        self.documents = 0

    def compose(self, text: str) -> Node:
        import yaml  # noqa: PLC0415  who reads no YAML flow does not load it

        handlers = {
            yaml.ScalarEvent: self._scalar,
            yaml.AliasEvent: self._alias,
            yaml.SequenceStartEvent: self._start,
            yaml.MappingStartEvent: self._start,
            yaml.SequenceEndEvent: self._end,
            yaml.MappingEndEvent: self._end,
            yaml.DocumentStartEvent: self._document,
        }
        try:
            for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
                handler = handlers.get(type(event))
                if handler is not None:
                    handler(event)
        except yaml.YAMLError as error:
            self._fail(_place_of(error), "yaml_syntax", f"This is no valid YAML: {_words_of(error)}.")
        if self.root is None:
            self._fail(
                Place(1, 1), "yaml_empty", "The file is empty: a flow has at least an id, a namespace and tasks."
            )
        return self.root

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self._fail(
                _start(event), "yaml_documents", "A second document begins here: write each flow in a file of its own."
            )

    def _scalar(self, event: Any) -> None:
        mark = event.start_mark
        is_plain = event.implicit[0]
        if event.tag is not None and not is_plain:
            is_plain = event.tag not in _TEXT_TAGS and self._is_known_tag(event, _SCALAR_TAGS)
        node = Scalar(event.value, mark.line + 1, mark.column + 1, is_plain=is_plain)
        self._count(node, 1)
        self._attach(node)
        if event.anchor is not None:
            self.anchors[event.anchor] = node

    def _start(self, event: Any) -> None:
        mark, is_list = event.start_mark, hasattr(event, "flow_style") and type(event).__name__ == "SequenceStartEvent"
        if event.tag is not None:
            self._is_known_tag(event, {f"{_CORE}{'seq' if is_list else 'map'}", "!"})
        node = (Sequence if is_list else Mapping)(mark.line + 1, mark.column + 1)
        self._count(node, 1)
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.frames.append(_Frame(node, event.anchor))
        self._check_depth(node, len(self.frames))

    def _end(self, event: Any) -> None:
        frame = self.frames.pop()
        if frame.merged and isinstance(frame.node, Mapping):
            self._merge(frame.node, frame.merged)
        if frame.anchor is not None:
            self.anchors[frame.anchor] = frame.node
        self._attach(frame.node)

    def _alias(self, event: Any) -> None:
        place = _start(event)
        if event.anchor not in self.anchors:
            self._fail(place, "yaml_alias", f"There is no anchor &{event.anchor} before this alias.")
        node = self.anchors[event.anchor]
        if node is None:
            self._fail(place, "yaml_cycle", f"*{event.anchor} stands inside of &{event.anchor}: it would never end.")
        self.aliases += 1
        if self.aliases > MOST_ALIASES:
            self._fail(place, "yaml_alias_budget", f"There are more than {MOST_ALIASES} aliases: write values out.")
        self._count(place, node.size)
        self._check_depth(place, len(self.frames) + node.height)
        self._attach(node, place)

    def _attach(self, node: Node, place: Place | None = None) -> None:
        """Put a node where it belongs: at the root, into a list, or into a mapping as a key or a value."""
        if not self.frames:
            self.root = node
            return
        frame = self.frames[-1]
        if isinstance(frame.node, Sequence):
            frame.node.add(node)
        elif frame.key is None:
            frame.key = self._key(node, place)
            self.count -= 1
        else:
            key, frame.key = frame.key, None
            self._add_entry(frame, frame.node, key, node)

    def _key(self, node: Node, place: Place | None) -> Scalar:
        if isinstance(node, Scalar):
            return Scalar(node.text, *place, is_plain=node.is_plain) if place is not None else node
        told = f"A key must be a text, and this is {words_for(node)}."
        if isinstance(node, Mapping):
            told += ' An expression stands in quotes: "{{ ... }}".'
        self.findings.add(place or node, self._path(), "wrong_type", told)
        return Scalar(f"\0{node.line}:{node.column}", node.line, node.column)

    def _add_entry(self, frame: _Frame, mapping: Mapping, key: Scalar, node: Node) -> None:
        name = key.text
        if name == _MERGE and key.is_plain:
            sources = node.items if isinstance(node, Sequence) else [node]
            frame.merged += [source for source in sources if isinstance(source, Mapping)]
            if not all(isinstance(source, Mapping) for source in sources):
                self.findings.add(key, (*self._path(), _MERGE), "wrong_type", "Only mappings can be merged with <<.")
        elif name.startswith("\0"):
            return
        elif name in frame.firsts:
            first = frame.firsts[name]
            message = f"Duplicate key {name!r}: the first is on line {first}. Keep one of them."
            self.findings.add(key, (*self._path(), name), "duplicate_key", message)
        else:
            frame.firsts[name] = key.line
            mapping.add(key, node)

    def _merge(self, mapping: Mapping, sources: list[Mapping]) -> None:
        for source in sources:
            for name, node in source.entries.items():
                if name not in mapping.entries:
                    self._count(mapping, node.size)
                    mapping.add(source.keys[name], node)

    def _count(self, place: Any, size: int) -> None:
        self.count += size
        if self.count > MOST_NODES:
            code, what = ("yaml_alias_budget", "with its aliases written out, ") if self.aliases else ("yaml_nodes", "")
            self._fail(place, code, f"The file has, {what}more than {MOST_NODES:,} values: split the flow.")

    def _check_depth(self, place: Any, depth: int) -> None:
        if depth > DEEPEST:
            self._fail(
                place, "yaml_depth", f"The file is nested more than {DEEPEST} levels deep: move parts to subflows."
            )

    def _is_known_tag(self, event: Any, known: set[str]) -> bool:
        if event.tag in known:
            return True
        shown = event.tag.replace(_CORE, "!!")
        self.findings.add(
            _start(event), self._path(), "yaml_tag", f"The tag {shown} is not known here: write plain values."
        )
        return False

    def _path(self) -> Path:
        return tuple(_steps(self.frames))

    def _fail(self, place: Any, code: str, message: str) -> NoReturn:
        self.findings.add(place, self._path(), code, message)
        raise _Stop


def _steps(frames: list[_Frame]) -> Iterator[str | int]:
    for frame in frames:
        if isinstance(frame.node, Sequence):
            yield len(frame.node.items)
        elif frame.key is not None:
            yield frame.key.text


def _start(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _place_of(error: Any) -> Place:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    return Place(1, 1) if mark is None else Place(mark.line + 1, mark.column + 1)


def _words_of(error: Any) -> str:
    """Return the library's own words in one line."""
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    context = getattr(error, "context", None)
    return " ".join(f"{problem}{f', {context}' if context else ''}".split())
