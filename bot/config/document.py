"""The file as values and places: YAML 1.2 in which every scalar stays the text that was written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from ruamel.yaml.reader import ReaderError

from bot.config.problems import KeyPath, Problem, dotted, sentence, shown

Plain: TypeAlias = "str | list[Plain] | dict[str, Plain]"
Entries: TypeAlias = Mapping[str, Plain]

DEEPEST: Final = 20
MOST_ALIASES: Final = 50
LARGEST_ALIAS: Final = 1000  # values that one alias may stand for

_NOTHING: Final = frozenset({"", "~", "null", "Null", "NULL"})
_EMPTY: Final = "the file is empty; it needs version, slack, people and targets"


@dataclass(frozen=True, slots=True)
class Node:
    """One value and where it starts; a broken one was complained about already."""

    line: int
    column: int
    value: "str | tuple[Node, ...] | Mapping[str, Node]" = ""
    keys: "Mapping[str, Node]" = field(default_factory=dict[str, "Node"])  # where each key stands
    size: int = 1  # values in it, with every alias written out
    is_broken: bool = False

    def plain(self) -> Plain:
        """Return the bare value; a broken one is an empty text, so that all others keep place."""
        match self.value:
            case str() as written:
                return written
            case tuple() as listed:
                return [node.plain() for node in listed]
            case named:
                return {key: node.plain() for key, node in named.items()}

    def find(self, path: KeyPath) -> "tuple[Node, KeyPath]":
        """Return the value at a path, or the nearest thing around it that exists."""
        node = self
        for depth, key in enumerate(path):
            match node.value, key:
                case tuple() as listed, int() if key < len(listed):
                    node = listed[key]
                case Mapping() as named, str() if key in named:
                    node = named[key]
                case _:
                    return node, path[:depth]
        return node, path


def entries(value: "Plain | None") -> dict[str, Plain]:
    """Return the value if it is a mapping; anything else has no entries."""
    return value if isinstance(value, dict) else {}


def items(value: "Plain | None") -> list[Plain]:
    """Return the value if it is a list; anything else has no items."""
    return value if isinstance(value, list) else []


def text(value: "Plain | None") -> str:
    """Return the value if it is a text; anything else says nothing."""
    return value if isinstance(value, str) else ""


def each(holder: Entries, key: str, path: KeyPath) -> Iterator[tuple[KeyPath, Plain]]:
    """Walk through the list under a key, with the path of every item."""
    for index, value in enumerate(items(holder.get(key))):
        yield (*path, key, index), value


def parse(content: str) -> tuple[Node | None, list[Problem]]:
    """Read a file's content; without a value, the problems say why there is none."""
    reader = _Reader(content)
    try:
        return reader.document(), reader.problems
    except _Hopeless:
        return None, reader.problems
    except (YAMLError, ValueError, OverflowError) as error:  # the last two for senseless escapes
        return None, [*reader.problems, _stumble(error, content)]


class _Hopeless(Exception):
    """Reading on makes no sense."""


@dataclass(frozen=True, slots=True)
class _Event:
    """What the parser met, and where."""

    kind: type[object]
    line: int
    column: int
    text: str  # of a scalar
    is_nothing: bool  # a scalar that stands for no value
    anchor: str | None
    tag: str | None
    version: object  # of a document


class _Reader:
    """Builds the values from the parser's events, and goes on after every problem it can."""

    def __init__(self, content: str) -> None:
        self.problems: list[Problem] = []
        self._events = _events(content)
        self._anchors: dict[str, Node | None] = {}  # None while the value is being read
        self._aliases = 0

    def document(self) -> Node | None:
        """Return the only document; None if there is none."""
        root: Node | None = None
        for event in self._events:
            if event.kind is StreamEndEvent and root is None:
                self._complain(event, (), _EMPTY)
            elif event.kind is DocumentStartEvent and root is not None:
                self._complain(event, (), "a second document starts here; a file holds only one")
                break
            elif event.kind is DocumentStartEvent and event.version not in {None, (1, 2)}:
                self._complain(event, (), "this is read as YAML 1.2; take the %YAML line away")
            elif issubclass(event.kind, NodeEvent):
                root = self._node(event, ())
        return root

    def _complain(self, event: _Event, path: KeyPath, why: str) -> Node:
        self.problems.append(Problem(event.line, event.column, dotted(path), why))
        return Node(event.line, event.column, is_broken=True)

    def _node(self, event: _Event, path: KeyPath) -> Node:
        if len(path) > DEEPEST:
            self._complain(event, path, f"is nested deeper than {DEEPEST} levels")
            raise _Hopeless
        if event.kind is AliasEvent:
            return self._alias(event, path)
        if event.tag is not None:
            self._complain(event, path, "has a tag; take it away, each key knows its type")
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        node = self._value(event, path)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _value(self, event: _Event, path: KeyPath) -> Node:
        if event.kind is MappingStartEvent:
            return self._mapping(event, path)
        if event.kind is SequenceStartEvent:
            return self._sequence(event, path)
        if event.is_nothing:
            why = "has no value; write one or take the key away" if path else _EMPTY
            return self._complain(event, path, why)
        return Node(event.line, event.column, event.text)

    def _sequence(self, event: _Event, path: KeyPath) -> Node:
        listed: list[Node] = []
        while (inner := next(self._events)).kind is not SequenceEndEvent:
            listed.append(self._node(inner, (*path, len(listed))))
        size = 1 + sum(node.size for node in listed)
        return Node(event.line, event.column, tuple(listed), size=size)

    def _mapping(self, event: _Event, path: KeyPath) -> Node:
        named: dict[str, Node] = {}
        keys: dict[str, Node] = {}
        while (inner := next(self._events)).kind is not MappingEndEvent:
            key = self._key(inner, path)
            event_of_value = next(self._events)
            if event_of_value.is_nothing:  # which stands where the next thing starts
                event_of_value = replace(event_of_value, line=inner.line, column=inner.column)
            value = self._node(event_of_value, path if key is None else (*path, key))
            if key in keys:
                why = f"is written twice, in line {keys[key].line} and here; keep one of them"
                self._complain(inner, (*path, key), why)
            elif key is not None:
                keys[key], named[key] = Node(inner.line, inner.column), value
        size = 1 + sum(value.size for value in named.values())
        return Node(event.line, event.column, named, keys, size)

    def _key(self, event: _Event, path: KeyPath) -> str | None:
        if event.kind is ScalarEvent and event.text and not (event.tag or event.anchor):
            return event.text
        self._complain(event, path, "has a key that is not simply a text")
        if event.kind is not ScalarEvent:
            self._node(event, path)  # to get behind it
        return None

    def _alias(self, event: _Event, path: KeyPath) -> Node:
        self._aliases += 1
        name = event.anchor or ""
        node = self._anchors.get(name)
        if self._aliases > MOST_ALIASES:
            why = f"is one alias too many; a file may use {MOST_ALIASES}"
        elif name not in self._anchors:
            why = f"repeats *{shown(name)}, and nothing before it is marked &{shown(name)}"
        elif node is None:
            why = f"repeats *{shown(name)}, which it is itself a part of"
        elif node.size > LARGEST_ALIAS:
            why = f"repeats {node.size} values at once; an alias may stand for {LARGEST_ALIAS}"
        else:
            return node
        return self._complain(event, path, why)


def _events(content: str) -> Iterator[_Event]:
    last_line = _last_line(content)
    parser: Any = YAML(typ="safe", pure=True)  # half typed
    for event in parser.parse(content):
        kind: Any = event.__class__  # type() of what is half typed is half typed
        text = getattr(event, "value", "")
        yield _Event(
            kind=kind,
            line=min(event.start_mark.line + 1, last_line),
            column=event.start_mark.column + 1,
            text=text,
            is_nothing=kind is ScalarEvent and not event.style and text in _NOTHING,
            anchor=getattr(event, "anchor", None),
            tag=getattr(event, "tag", None),
            version=getattr(event, "version", None),
        )


def _stumble(error: Exception, content: str) -> Problem:
    """Say what the parser could not read; it is always the last problem."""
    line, column, why = _last_line(content), 1, "a character is written in a way that means none"
    if isinstance(error, ReaderError):
        unread: Any = error
        before = content[: unread.position].splitlines() or [""]
        line, column = len(before), len(before[-1]) + 1
        why = f"the character {unread.character:#06x} is not allowed"
    elif isinstance(error, MarkedYAMLError):
        marked: Any = error
        why = marked.problem or marked.context or why
        if mark := marked.problem_mark or marked.context_mark:
            line, column = min(mark.line + 1, line), mark.column + 1
    return Problem(line, column, "", sentence(f"this is not YAML: {why}"))


def _last_line(content: str) -> int:
    return max(1, len(content.splitlines()))
