"""The local providers say nothing that the vendors' own specifications don't allow."""

import json
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
)
from jsonschema import Draft202012Validator

from bot.workspace.providers import seed
from bot.workspace.providers.railway import read_schema
from tests.bot.workspace.providers.conftest import JOB_SECONDS, Running

READS = {
    "/v2/user": {},
    "/v2/teams": {},
    "/v6/deployments": {},
    "/v13/deployments/{idOrUrl}": {"idOrUrl": seed.VERCEL_DOMAINS[0]},
    "/v9/projects/{idOrName}": {"idOrName": seed.VERCEL_PROJECT_NAME},
    "/v9/projects/{idOrName}/domains": {"idOrName": seed.VERCEL_PROJECT},
    "/v4/aliases": {},
    "/v4/aliases/{idOrAlias}": {"idOrAlias": seed.VERCEL_DOMAINS[1]},
}
ROLLBACK = "/v1/projects/{projectId}/rollback/{deploymentId}"
PROMOTE = "/v10/projects/{projectId}/promote/{deploymentId}"


@pytest.fixture(scope="session")
def vercel_spec(specs: Path) -> dict[str, Any]:
    """Vercel's OpenAPI document, in the JSON Schema that a validator reads."""
    document: dict[str, Any] = json.loads((specs / "vercel-openapi.trimmed.json").read_text())
    tolerated: dict[str, Any] = _as_json_schema(document)
    return tolerated


@pytest.fixture(scope="session")
def railway_spec(specs: Path) -> GraphQLSchema:
    """Railway's schema; by itself it is not quite valid."""
    return build_schema((specs / "railway.schema.graphql").read_text(), assume_valid=True)


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("move", [None, ROLLBACK, PROMOTE])
async def test_answers_match_vercels_specification(
    vercel: Running, vercel_spec: dict[str, Any], path: str, move: str | None
) -> None:
    """Before and after production moved, every answer has Vercel's shape."""
    if move:
        target = {"projectId": seed.VERCEL_PROJECT, "deploymentId": seed.VERCEL_GOOD}
        await vercel.api.post(move.format(**target), params={"description": "Cart is down"})
        vercel.clock.now += JOB_SECONDS

    answer = await vercel.api.get(path.format(**READS[path]))

    responses = vercel_spec["paths"][path]["get"]["responses"]
    schema = responses[str(answer.status_code)]["content"]["application/json"]["schema"]
    # Where the document offers several shapes, ours is the fullest.
    fullest = max(schema.get("anyOf", [schema]), key=lambda each: len(each.get("required", [])))
    validator = Draft202012Validator(fullest | {"components": vercel_spec["components"]})
    assert [error.message for error in validator.iter_errors(answer.json())] == []


@pytest.mark.parametrize("path", [ROLLBACK, PROMOTE])
@pytest.mark.parametrize("target", [seed.VERCEL_GOOD, seed.VERCEL_BAD, seed.VERCEL_UNBUILT])
async def test_writes_answer_what_vercel_documents(
    vercel: Running, vercel_spec: dict[str, Any], path: str, target: str
) -> None:
    """No status comes that the specification lacks, and no body where it promises none."""
    answer = await vercel.api.post(path.format(projectId=seed.VERCEL_PROJECT, deploymentId=target))

    responses = vercel_spec["paths"][path]["post"]["responses"]
    assert str(answer.status_code) in responses
    has_content = "content" in responses[str(answer.status_code)]
    assert has_content or answer.content == b"" or answer.is_error


def test_schema_is_a_part_of_railways(railway_spec: GraphQLSchema) -> None:
    """Every type, field, argument and value of ours exists there with the same type."""
    for name, ours in read_schema().type_map.items():
        if not name.startswith("__"):
            assert _parts(ours) <= _parts(railway_spec.type_map[name]), name


def test_schema_asks_for_all_that_railway_requires(railway_spec: GraphQLSchema) -> None:
    """Whoever gives what our schema needs has given what Railway's needs."""
    for name in ("Query", "Mutation"):
        ours, theirs = read_schema().type_map[name], railway_spec.type_map[name]
        assert isinstance(ours, GraphQLObjectType)
        assert isinstance(theirs, GraphQLObjectType)
        for field in ours.fields:
            required = {
                key for key, arg in theirs.fields[field].args.items() if str(arg.type).endswith("!")
            }
            assert required <= set(ours.fields[field].args), field


def _parts(kind: GraphQLNamedType) -> set[str]:
    if isinstance(kind, GraphQLEnumType):
        return set(kind.values)
    if isinstance(kind, GraphQLInputObjectType):
        return {f"{name}: {field.type}" for name, field in kind.fields.items()}
    if isinstance(kind, GraphQLObjectType):
        arguments = {
            f"{name}({key}): {argument.type}"
            for name, field in kind.fields.items()
            for key, argument in field.args.items()
        }
        return arguments | {f"{name}: {field.type}" for name, field in kind.fields.items()}
    return {kind.name}


def _as_json_schema(part: Any) -> Any:
    """OpenAPI's `nullable` becomes a type.

    Faults of the document are tolerated: alternatives that contain each other can't be exclusive,
    so `oneOf` is read as `anyOf`, and an empty `oneOf` as anything.
    """
    if isinstance(part, list):
        return [_as_json_schema(each) for each in part]
    if not isinstance(part, dict):
        return part
    schema = {
        "anyOf" if key == "oneOf" else key: _as_json_schema(value)
        for key, value in part.items()
        if key != "nullable" and value != []
    }
    return {"anyOf": [schema, {"type": "null"}]} if part.get("nullable") is True else schema
