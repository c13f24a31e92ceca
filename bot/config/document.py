"""The file as values and places: YAML 1.2 in which every scalar stays the text that was written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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


def entries(value: Plain | None) -> dict[str, Plain]:
    """Return the value if it is a mapping; anything else has no entries."""
    return value if isinstance(value, dict) else {}


def items(value: Plain | None) -> list[Plain]:
    """Return the value if it is a list; anything else has no items."""
    return value if isinstance(value, list) else []


def text(value: Plain | None) -> str:
    """Return the value if it is a text; anything else says nothing."""
    return value if isinstance(value, str) else ""


def each(holder: Entries, key: str, path: KeyPath) -> Iterator[tuple[KeyPath, Plain]]:
    """Walk through the list under a key, with the path of every item."""
    for index, value in enumerate(items(holder.get(key))):
        yield (*path, key, index), value


def parse(content: str) -> tuple[Node | None, list[Problem]]:
    """Read a file's content; without a value, the problems say why there is none."""
    reader = _Reader(content)
    root: Node | None = None
    try:
        root = reader.document()
    except _Hopeless:
        pass  # it complained
    except (YAMLError, ValueError, OverflowError) as error:  # the latter for escapes like \UFFFFFFFF
        reader.stumble(error, content)
    else:
        if root is None:
            reader.problems.append(Problem(1, 1, "", _EMPTY))
    return root, reader.problems


class _Hopeless(Exception):
    """Reading on makes no sense."""


class _Reader:
    """Builds the values from the parser's events, and goes on after every problem it can."""

    def __init__(self, content: str) -> None:
        self.problems: list[Problem] = []
        self._last_line = max(1, len(content.splitlines()))
        self._events: Iterator[Any] = YAML(typ="safe", pure=True).parse(content)
        self._anchors: dict[str, Node | None] = {}  # None while the value is being read
        self._aliases = 0

    def document(self) -> Node | None:
        """Return the only document; None if there is none."""
        root: Node | None = None
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                if root is not None:
                    self._complain(event, "a second document starts here; a file holds only one")
                    break
                if event.version not in {None, (1, 2)}:
                    self._complain(event, "the file is read as YAML 1.2; take the %YAML line away")
            elif isinstance(event, NodeEvent):
                root = self._node(event, ())
        return root

    def stumble(self, error: Exception, content: str) -> None:
        """Keep what the parser could not read; it is always the last problem."""
        line, column, why = self._last_line, 1, "a character is written in a way that means none"
        if isinstance(error, ReaderError):
            before = content[: error.position].splitlines() or [""]
            line, column = len(before), len(before[-1]) + 1
            why = f"the character {error.character:#06x} is not allowed"
        elif isinstance(error, MarkedYAMLError):
            mark = error.problem_mark or error.context_mark
            line, column = self._place(mark) if mark else (line, column)
            why = error.problem or error.context or why
        self.problems.append(Problem(line, column, "", sentence(f"this is not YAML: {why}")))

    def _complain(self, event: Any, why: str, path: KeyPath = ()) -> None:
        self.problems.append(Problem(*self._place(event.start_mark), dotted(path), why))

    def _place(self, mark: Any) -> tuple[int, int]:
        return min(mark.line + 1, self._last_line), mark.column + 1

    def _node(self, event: Any, path: KeyPath) -> Node:
        if len(path) > DEEPEST:
            self._complain(event, f"is nested deeper than {DEEPEST} levels", path)
            raise _Hopeless
        if isinstance(event, AliasEvent):
            return self._alias(event, path)
        if event.tag is not None:
            self._complain(event, "has a tag; take it away, each key knows its type", path)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        match event:
            case MappingStartEvent():
                node = self._mapping(event, path)
            case SequenceStartEvent():
                node = self._sequence(event, path)
            case _:
                node = self._scalar(event, path)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _scalar(self, event: Any, path: KeyPath) -> Node:
        if not event.style and event.value in _NOTHING:
            why = "has no value; write one or take the key away" if path else _EMPTY
            self._complain(event, why, path)
            return Node(*self._place(event.start_mark), is_broken=True)
        return Node(*self._place(event.start_mark), event.value)

    def _sequence(self, event: Any, path: KeyPath) -> Node:
        listed: list[Node] = []
        while not isinstance(inner := next(self._events), SequenceEndEvent):
            listed.append(self._node(inner, (*path, len(listed))))
        size = 1 + sum(node.size for node in listed)
        return Node(*self._place(event.start_mark), tuple(listed), size=size)

    def _mapping(self, event: Any, path: KeyPath) -> Node:
        named: dict[str, Node] = {}
        keys: dict[str, Node] = {}
        while not isinstance(inner := next(self._events), MappingEndEvent):
            key, place = self._key(inner, path), Node(*self._place(inner.start_mark))
            value = self._node(next(self._events), path if key is None else (*path, key))
            if key in keys:
                why = f"is written twice, in line {keys[key].line} and here; keep one of them"
                self._complain(inner, why, (*path, key))
            elif key is not None:
                keys[key], named[key] = place, value
        size = 1 + sum(value.size for value in named.values())
        return Node(*self._place(event.start_mark), named, keys, size)

    def _key(self, event: Any, path: KeyPath) -> str | None:
        if isinstance(event, ScalarEvent) and event.value and not (event.tag or event.anchor):
            return str(event.value)
        self._complain(event, "has a key that is not simply a text", path)
        if not isinstance(event, ScalarEvent):
            self._node(event, path)  # to get behind it
        return None

    def _alias(self, event: AliasEvent, path: KeyPath) -> Node:
        self._aliases += 1
        node = self._anchors.get(event.anchor)
        name = shown(event.anchor)
        if event.anchor not in self._anchors:
            why = f"repeats *{name}, and nothing before it is marked &{name}"
        elif node is None:
            why = f"repeats *{name}, which it is itself a part of"
        elif self._aliases > MOST_ALIASES:
            why = f"is one alias too many; a file may use {MOST_ALIASES}"
        elif node.size > LARGEST_ALIAS:
            why = f"repeats the {node.size} values of *{name}; at most {LARGEST_ALIAS} are allowed"
        else:
            return node
        self._complain(event, why, path)
        return Node(*self._place(event.start_mark), is_broken=True)
