"""Railway's official schema judges what the adapter asks and what the local provider answers."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLResolveInfo, GraphQLSchema, build_schema, execute, parse, validate

from adapters.railway import RailwayRollback, api
from bot.domain.errors import Failed
from bot.workspace.providers import seed
from bot.workspace.providers.railway import Railway
from tests.adapters.conftest import Clock, World, world

Json = dict[str, Any]
ACTION = RailwayRollback(
    project=seed.RAILWAY_PROJECT,
    service=seed.RAILWAY_SERVICE,
    environment=seed.RAILWAY_ENVIRONMENT,
)
DOCUMENTS = {api.LIST, api.ONE, api.INSTANCE, api.AUTO_DEPLOY, api.ROLLBACK}


@dataclass(frozen=True)
class Judge:
    """Railway's published schema."""

    schema: GraphQLSchema

    def complaints(self, heard: Iterable[tuple[Json, Json]]) -> list[str]:
        """Say what the schema does not allow, in questions and in answers."""
        return [said for question, answer in heard for said in self._judge(question, answer)]

    def _judge(self, question: Json, answer: Json) -> list[str]:
        document = parse(question["query"])
        if wrong := validate(self.schema, document):
            return [error.message for error in wrong]
        if "errors" in answer:
            is_whole = all(isinstance(error.get("message"), str) for error in answer["errors"])
            return [] if is_whole else [f"no message in {answer}"]
        # The schema answers its own question from ours: whatever has a wrong type is an error,
        # and whatever it did not ask for is missing afterwards.
        again = execute(
            self.schema,
            document,
            answer["data"],
            variable_values=question["variables"],
            field_resolver=_as_answered,
        )
        assert not hasattr(again, "__await__")
        errors = [error.message for error in again.errors or ()]
        return errors or ([] if again.data == answer["data"] else [f"more than asked: {answer}"])


def _as_answered(part: Json, info: GraphQLResolveInfo[Any], **_: object) -> Any:
    return part.get(str(info.path.key))


@pytest.fixture
def judge(specs: Path) -> Judge:
    """The judge; by itself the schema is not quite valid."""
    text = (specs / "railway.schema.graphql").read_text()
    return Judge(build_schema(text, assume_valid=True))


@pytest.fixture
async def railway(tmp_path: Path) -> AsyncIterator[World]:
    """The local provider behind a mirror."""
    async with world(Railway, "railway", tmp_path / "railway.log", Clock()) as running:
        yield running


async def roll_back(railway: World) -> None:
    """Do all that the adapter can: look, roll back, verify, look up, undo."""
    preview = await ACTION.preview(railway.tools)
    receipt = await ACTION.execute(railway.tools, preview)
    await ACTION.verify(railway.tools, preview, receipt)
    await ACTION.probe(railway.tools, preview)
    await ACTION.undo(railway.tools, preview, receipt)


def heard(railway: World) -> list[tuple[Json, Json]]:
    """Return every question with its answer."""
    return [(json.loads(seen.body), json.loads(answer)) for seen, answer in railway.mirror.heard]


async def test_a_rollback_and_its_undo(railway: World, judge: Judge) -> None:
    """Every document and every answer on the way there and back is valid for Railway."""
    await roll_back(railway)

    assert {question["query"] for question, _ in heard(railway)} == DOCUMENTS
    assert judge.complaints(heard(railway)) == []


@pytest.mark.parametrize(
    "kind", ["rate_limit", "server_error", "refuse", "plan_limit", "lie", "fail_job"]
)
async def test_bad_days(railway: World, judge: Judge, kind: str) -> None:
    """Also what goes wrong is asked and answered in Railway's own forms."""
    await railway.misbehave(kind)

    with suppress(Failed):
        await roll_back(railway)

    assert railway.mirror.sent("mutation")
    assert judge.complaints(heard(railway)) == []


WRONG_ANSWERS: list[Json] = [
    {"id": "x", "status": "ROLLED_BACK"},
    {"id": "x", "status": None},
    {"id": "x"},
    {"id": "x", "status": "SUCCESS", "url": "x"},
]


@pytest.mark.parametrize("answer", WRONG_ANSWERS)
def test_the_judge_finds_wrong_answers(judge: Judge, answer: Json) -> None:
    """An unknown status, a missing one, a missing field and one too many are all found."""
    query = "query One($id: String!) { deployment(id: $id) {id status} }"

    assert judge.complaints(
        [({"query": query, "variables": {"id": "x"}}, {"data": {"deployment": answer}})]
    )
