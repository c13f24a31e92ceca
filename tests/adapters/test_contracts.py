"""What we ask the vendors is what their own specifications allow."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from graphql import GraphQLEnumType, GraphQLSchema, build_schema, parse, validate
from graphql.execution.values import get_variable_values
from graphql.language import OperationDefinitionNode

from adapters import ENDPOINTS
from adapters.railway import RailwayRollback, api
from adapters.vercel import VercelRollback
from bot.workspace.providers import seed
from tests.adapters.conftest import World
from tests.adapters.mirror import Seen

TYPES: dict[str, type | tuple[type, ...]] = {"number": (int, float), "boolean": bool, "string": str}
RAILWAY_DOCUMENTS = [api.LIST, api.ONE, api.INSTANCE, api.AUTO_DEPLOY, api.ROLLBACK]


@pytest.fixture(scope="session")
def vercel_spec(specs: Path) -> dict[str, Any]:
    """Vercel's OpenAPI document."""
    document: dict[str, Any] = json.loads((specs / "vercel-openapi.trimmed.json").read_text())
    return document


@pytest.fixture(scope="session")
def railway_schema(specs: Path) -> GraphQLSchema:
    """Railway's schema, which is not quite valid by itself."""
    return build_schema((specs / "railway.schema.graphql").read_text(), assume_valid=True)


async def test_every_request_to_vercel_is_in_its_specification(
    vercel: World, vercel_spec: dict[str, Any]
) -> None:
    """Paths, methods and parameters of a whole rollback and its undo are Vercel's own."""
    action = VercelRollback(project=seed.VERCEL_PROJECT_NAME, team=seed.VERCEL_TEAM)
    preview = await action.wanting("3c2b1a0").preview(vercel.tools)
    preview = await action.bound(preview).preview(vercel.tools)
    preview = await action.preview(vercel.tools)
    receipt = await action.execute(vercel.tools, preview)
    await action.verify(vercel.tools, preview, receipt)
    await action.probe(vercel.tools, preview)
    await action.undo(vercel.tools, preview, receipt)

    asked = {_operation(seen, vercel_spec) for seen in vercel.mirror.seen}

    assert asked == {
        "GET /v9/projects/{idOrName}",
        "GET /v13/deployments/{idOrUrl}",
        "GET /v6/deployments",
        "GET /v9/projects/{idOrName}/domains",
        "GET /v4/aliases/{idOrAlias}",
        "POST /v1/projects/{projectId}/rollback/{deploymentId}",
        "POST /v10/projects/{projectId}/promote/{deploymentId}",
    }


def test_vercel_answers_from_where_we_ask(vercel_spec: dict[str, Any]) -> None:
    """The address that is used without a setting is the specification's own."""
    assert [server["url"] for server in vercel_spec["servers"]] == [ENDPOINTS["vercel"]]


@pytest.mark.parametrize("document", RAILWAY_DOCUMENTS, ids=lambda text: text.split("(")[0])
def test_every_document_is_valid_for_railway(railway_schema: GraphQLSchema, document: str) -> None:
    """Railway's schema knows every field and argument that we name."""
    assert validate(railway_schema, parse(document)) == []


async def test_every_request_to_railway_has_valid_variables(
    railway: World, railway_schema: GraphQLSchema
) -> None:
    """The variables of a whole rollback and its undo have the types of Railway's schema."""
    action = RailwayRollback(
        project=seed.RAILWAY_PROJECT,
        service=seed.RAILWAY_SERVICE,
        environment=seed.RAILWAY_ENVIRONMENT,
    )
    preview = await action.preview(railway.tools)
    receipt = await action.execute(railway.tools, preview)
    await action.verify(railway.tools, preview, receipt)
    await action.probe(railway.tools, preview)
    await action.undo(railway.tools, preview, receipt)

    asked = set[str]()
    for seen in railway.mirror.seen:
        body = json.loads(seen.body)
        asked.add(body["query"])
        (operation,) = parse(body["query"]).definitions
        assert isinstance(operation, OperationDefinitionNode)
        declared = operation.variable_definitions or ()
        assert {d.variable.name.value for d in declared} >= body["variables"].keys()
        coerced = get_variable_values(railway_schema, declared, body["variables"])
        assert not isinstance(coerced, list), coerced

    assert asked == set(RAILWAY_DOCUMENTS)


def test_every_status_is_railways(railway_schema: GraphQLSchema) -> None:
    """We know what each of Railway's deployment statuses means, and no others."""
    statuses = railway_schema.type_map["DeploymentStatus"]

    assert isinstance(statuses, GraphQLEnumType)
    assert set(api.STATUSES) == statuses.values.keys()


def _operation(seen: Seen, spec: dict[str, Any]) -> str:
    """Find the operation that a request is, and check its parameters."""
    for path, methods in spec["paths"].items():
        pattern = re.sub(r"\{\w+\}", "[^/]+", path)
        operation = methods.get(seen.method.lower())
        if operation and re.fullmatch(pattern, urlsplit(seen.path).path):
            _check_parameters(seen, operation)
            return f"{seen.method} {path}"
    raise AssertionError(f"{seen.method} {seen.path} is not in the specification")


def _check_parameters(seen: Seen, operation: dict[str, Any]) -> None:
    known = {p["name"]: p for p in operation["parameters"] if p["in"] == "query"}
    assert seen.query.keys() <= known.keys()
    for name, text in seen.query.items():
        schema = known[name]["schema"]
        kind = schema.get("type", "string")
        value = text if kind == "string" else json.loads(text)
        assert isinstance(value, TYPES[kind]), name
        assert value in schema.get("enum", [value]), name
    required = {name for name, p in known.items() if p.get("required")}
    assert required <= seen.query.keys()
    assert bool(seen.body) == bool(operation.get("requestBody"))
