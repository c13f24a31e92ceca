"""Collects problems by their path in the file, and turns what pydantic says into our sentences."""

from collections.abc import Iterable, Mapping
from typing import Final, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.config.document import Node, Plain
from bot.config.problems import KeyPath, Problem, did_you_mean, dotted, sentence

M = TypeVar("M", bound=BaseModel)

_SENTENCES: Final[Mapping[str, str]] = {
    "missing": "is missing",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be one text",
    "model_type": "must hold keys and values, key: value",
    "dict_type": "must hold keys and values, key: value",
    "mapping_type": "must hold keys and values, key: value",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "too_short": "has too few entries; it needs {min_length} or more",
    "too_long": "has too many entries; it may have {max_length}",
    "string_too_short": "must have {min_length} characters or more",
    "string_too_long": "must have {max_length} characters or fewer",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "value_error": "{error}",
}


class Report:
    """The problems of one file so far."""

    def __init__(self, root: Node, problems: list[Problem]) -> None:
        """Go on with what was wrong with the file as YAML."""
        self.problems = problems
        self._root = root

    def at(self, path: KeyPath, text: str) -> None:
        """Complain about the value at a path, unless it can't be read anyway."""
        node, found = self._root.find(path)
        self._add(node, found, text)

    def at_key(self, path: KeyPath, text: str) -> None:
        """Complain about the last key of a path."""
        node, found = self._root.find(path[:-1])
        self._add(node.keys.get(str(path[-1]), node), (*found, path[-1]), text)

    def line(self, path: KeyPath) -> int:
        """Return the line in which a value starts."""
        return self._root.find(path)[0].line

    def read(
        self, kind: type[M], plain: Plain, path: KeyPath = (), *, around: Iterable[str] = ()
    ) -> M | None:
        """Return the value in its own type, or complain about each of its parts that has none.

        ``around`` are the keys that may stand beside its own.
        """
        try:
            return kind.model_validate(plain, strict=False)  # all scalars are texts still
        except ValidationError as error:
            told: set[KeyPath] = set()
            for each in error.errors(include_url=False, include_input=False):
                place = (*path, *each["loc"])
                if each["type"] == "extra_forbidden":
                    known = (*_keys(kind, each["loc"][:-1]), *around)
                    near = did_you_mean(str(place[-1]), known)
                    self.at_key(place, f"is no key that is known here{near}")
                elif each["type"] == "missing" or place[-1:] == ("[key]",):
                    self.at_key(tuple(key for key in place if key != "[key]"), _said(each))
                elif (value := self._root.find(place)[1]) not in told:
                    told.add(value)  # a value of several possible types fails once for each
                    self._tell(value, each)
            return None

    def _tell(self, path: KeyPath, error: ErrorDetails) -> None:
        fewest = error.get("ctx", {}).get("min_length", 0)
        if error["type"] != "too_short" or len(self._root.find(path)[0].value) < fewest:
            self.at(path, _said(error))  # else pydantic has counted the good entries alone

    def _add(self, node: Node, path: KeyPath, text: str) -> None:
        if not node.is_broken:
            self.problems.append(Problem(node.line, node.column, dotted(path), sentence(text)))


def _said(error: ErrorDetails) -> str:
    known = _SENTENCES.get(error["type"])
    if known is not None:
        return known.format(**error.get("ctx", {}))
    return error["msg"].replace("Input should", "should").replace("String should", "should")


def _keys(kind: object, path: KeyPath) -> Iterable[str]:
    """Return the keys that a model knows at a path within it."""
    for key in path:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(str(key))
            kind = field.annotation if field else None
        else:  # a list or a mapping: what is in it
            kind = next((inner for inner in reversed(get_args(kind)) if inner is not ...), None)
    return kind.model_fields if isinstance(kind, type) and issubclass(kind, BaseModel) else ()
