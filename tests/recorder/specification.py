"""Discord's OpenAPI document as a judge that is fast enough for a whole suite.

Nothing of what it says is left out. It is only put differently: what it refers to stands where it
is referred to, of the alternatives that a ``type`` tells apart the right one is looked at instead
of all of them, and what it does not name is refused.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from tests.recorder.payload import Json

# What Discord's guide allows in a request, and this document does not know.
ALSO_ALLOWED: Final[Mapping[str, str]] = {
    "RichEmbed": "flags",
    "ApplicationCommandUpdateRequest": "nsfw",
}
_NULL: Final[Json] = {"type": "null"}
_WORDS: Final = frozenset({"title", "description"})
_MOST_REMEMBERED: Final = 20_000


@dataclass(frozen=True)
class Operation:
    """What may be asked at one path by one method."""

    name: str  # such as "PATCH /channels/{channel_id}"
    specification: "Specification" = field(repr=False)
    parameters: Mapping[str, Json]  # of the query
    schema: Json | None  # of the body

    def flaws(self, body: Any, query: Mapping[str, str]) -> Iterator[str]:
        """Yield what the document does not allow of a request."""
        for name, text in query.items():
            if name in self.parameters:
                yield from (f"{name}: {flaw}" for flaw in self._misfits(name, text))
            else:
                yield f"{name} is no parameter of {self.name}"
        if body is not None and self._judge is None:
            yield f"{self.name} takes no body"
        elif body is not None:
            yield from map(_told, self._judge.iter_errors(body))

    @cached_property
    def _judge(self) -> Any:
        return self.specification.judge(self.schema) if self.schema else None

    def _misfits(self, name: str, text: str) -> Iterator[str]:
        judge = self.specification.judge(self.parameters[name])
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        # In a query a number may be meant as a text.
        if not judge.is_valid(text):
            yield from map(_told, judge.iter_errors(value))


class Specification:
    """All operations of the document."""

    def __init__(self, document: Json) -> None:
        """Read the document; a schema is put together when it is first needed."""
        self._document: Json = document["components"]["schemas"]
        self._schemas: Json = {}
        self._operations: dict[tuple[str, int], list[tuple[re.Pattern[str], Operation]]] = {}
        # Where "@original" and an id both fit, the document means the former.
        for path in sorted(document["paths"], key=lambda path: path.count("{")):
            item = document["paths"][path]
            for verb in item.keys() - {"parameters"}:
                self._add(verb.upper(), path, item[verb], item.get("parameters", []))

    def operation(self, call: str) -> Operation | None:
        """Return what a call is, such as ``GET /guilds/1``."""
        method, _, path = call.partition(" ")
        for pattern, operation in self._operations.get((method, path.count("/")), ()):
            if pattern.fullmatch(path):
                return operation
        return None

    def judge(self, schema: Json) -> Any:
        """Return the judge of a schema."""
        return _JUDGE(self._whole(schema), format_checker=FormatChecker())

    def _add(self, verb: str, path: str, operation: Json, common: list[Json]) -> None:
        parameters = [*common, *operation.get("parameters", ())]
        content = operation.get("requestBody", {}).get("content", {})
        known = Operation(
            f"{verb} {path}",
            self,
            {one["name"]: one["schema"] for one in parameters if one["in"] == "query"},
            content.get("application/json", {}).get("schema"),
        )
        pattern = re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path))
        self._operations.setdefault((verb, path.count("/")), []).append((pattern, known))

    def _named(self, name: str) -> Json:
        if name not in self._schemas:
            found = dict(self._document[name])
            if name in ALSO_ALLOWED:
                found["properties"] = {**found["properties"], ALSO_ALLOWED[name]: {}}
            self._schemas[name] = self._whole(found)
        return dict(self._schemas[name])

    def _whole(self, schema: Any) -> Any:
        """Put what a schema refers to in its place, and refuse what it does not name."""
        if isinstance(schema, list):
            return [self._whole(one) for one in schema]
        if not isinstance(schema, dict):
            return schema
        if reference := schema.get("$ref"):
            return self._named(reference.rsplit("/", 1)[1])
        whole = {key: self._part(key, one) for key, one in schema.items() if key not in _WORDS}
        for choice in whole.keys() & {"oneOf", "anyOf"}:
            whole |= _told_apart(choice, whole.pop(choice))
        if "properties" in whole:
            whole.setdefault("additionalProperties", False)
        return whole

    def _part(self, key: str, part: Any) -> Any:
        if key == "properties":  # which may have names like those of the language itself
            return {name: self._whole(one) for name, one in part.items()}
        return part if key in ("enum", "const") else self._whole(part)


def _told_apart(choice: str, schemas: list[Json]) -> Json:
    """Say the same as ``oneOf`` or ``anyOf``, but so that one look finds the right schema."""
    some = [schema for schema in schemas if schema != _NULL]
    is_optional = len(some) < len(schemas)
    if all(schema.keys() == {"const"} for schema in some) and not is_optional:
        return {"enum": [schema["const"] for schema in some]}
    kinds = [schema.get("properties", {}).get("type", {}).get("enum") for schema in some]
    if all(kinds) and len({kind for one in kinds for kind in one}) == sum(map(len, kinds)):
        told: Json = {"x-by-type": {k: s for s, one in zip(some, kinds, strict=True) for k in one}}
    else:
        told = some[0] if len(some) == 1 else {choice: some}
    return {"x-optional": told} if is_optional else told


class _Remembering:
    """Judges by type what it has not judged before."""

    def __init__(self) -> None:
        self._good: set[tuple[int, str]] = set()

    def __call__(
        self, judge: Any, schemas: Mapping[int, Json], given: Any, _: Any
    ) -> Iterator[ValidationError]:
        kind = given.get("type") if isinstance(given, dict) else None
        if type(kind) is not int or kind not in schemas:
            yield ValidationError(f"{kind!r} is none of the types {sorted(schemas)}")
            return
        key = (id(schemas[kind]), json.dumps(given))
        if key in self._good:
            return
        errors = list(judge.descend(given, schemas[kind]))
        yield from errors
        if not errors:
            if len(self._good) > _MOST_REMEMBERED:
                self._good.clear()
            self._good.add(key)


def _optional(judge: Any, schema: Json, given: Any, _: Any) -> Iterator[ValidationError]:
    if given is not None:
        yield from judge.descend(given, schema)


_JUDGE: Final[Any] = extend(
    Draft202012Validator, {"x-by-type": _Remembering(), "x-optional": _optional}
)


def _told(error: ValidationError) -> str:
    """Say what is wrong; of alternatives, what is wrong with each."""
    said, branches = [_short(error)], set[object]()
    for one in error.context or ():
        if one.schema_path[0] not in branches:
            said.append(_short(one))
        branches.add(one.schema_path[0])
    return " / ".join(said)


def _short(error: ValidationError) -> str:
    message = error.message  # which begins with what was given and ends with the reason
    told = message if len(message) <= 200 else f"{message[:90]} … {message[-90:]}"
    return f"{error.json_path} {told}"
