"""The guild says nothing that Discord's own specification does not allow."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
from jsonschema import Draft202012Validator

from bot.workspace.discord import seed
from bot.workspace.discord.restapi import OPERATIONS
from tests.bot.workspace.discord.conftest import DEPLOYS, GENERAL, MANAGER, RESPONDER, Place
from tests.bot.workspace.discord.test_gateway import Wire, greeted

Json = dict[str, Any]
V2 = 1 << 15
COMMAND: Json = {
    "name": "rollback",
    "description": "Ask for a rollback",
    "options": [{"type": 3, "name": "target", "description": "What", "autocomplete": True}],
}
CARD: Json = {
    "flags": V2,
    "components": [
        {"type": 17, "components": [
            {"type": 10, "content": "## Roll back?"},
            {"type": 14},
            {"type": 9, "components": [{"type": 10, "content": "x"}],
             "accessory": {"type": 2, "style": 5, "label": "Open", "url": "https://a.example"}},
            {"type": 1, "components": [
                {"type": 2, "style": 3, "label": "Approve", "custom_id": "approve"}]},
        ]},
    ],
}  # fmt: skip
DIALOG: Json = {
    "title": "Add reason",
    "custom_id": "reason",
    "components": [{"type": 1, "components": [
        {"type": 4, "custom_id": "words", "style": 1, "label": "Why?"}]}],
}  # fmt: skip


class Judge:
    """Discord's OpenAPI document, which judges what was asked and what was answered."""

    def __init__(self, document: Json) -> None:
        self._document = document
        self._paths = [
            (re.compile(re.sub(r"\{\w+\}", r"[^/]+", path)), operations)
            for path, operations in sorted(
                document["paths"].items(), key=lambda each: "{" in each[0]
            )
        ]
        self.judged: list[str] = []
        self.complaints: list[str] = []

    async def hear(self, answer: httpx.Response) -> None:
        """Judge one answer, and the question that it belongs to."""
        await answer.aread()
        path = answer.request.url.path.removeprefix("/api/v10")
        operation = next(
            operations[answer.request.method.lower()]
            for pattern, operations in self._paths
            if pattern.fullmatch(path) and answer.request.method.lower() in operations
        )
        self.judged.append(operation["operationId"])
        if answer.is_success and answer.request.content:
            asked = operation["requestBody"]["content"]["application/json"]["schema"]
            self._compare(json.loads(answer.request.content), asked, answer)
        statuses = operation["responses"]
        documented = (
            statuses.get(str(answer.status_code)) or statuses[f"{answer.status_code // 100}XX"]
        )
        if reference := documented.get("$ref"):
            documented = self._document["components"]["responses"][reference.rsplit("/", 1)[1]]
        if "content" not in documented:
            self.complaints += ["more than nothing"] if answer.content else []
            return
        said = answer.json()
        if isinstance(said, dict):
            # The document takes the codes in here for numbers; Discord's own guide shows words.
            said.pop("errors", None)
        self._compare(said, documented["content"]["application/json"]["schema"], answer)

    def _compare(self, document: Any, schema: Json, answer: httpx.Response) -> None:
        judge = Draft202012Validator(schema | {"components": self._document["components"]})
        where = f"{answer.request.method} {answer.request.url.path} {answer.status_code}"
        for error in judge.iter_errors(document):
            inner = [f"{one.json_path} {one.message[:150]}" for one in error.context or ()]
            self.complaints.append(f"{where}: {error.json_path} {error.message[:200]} {inner[:8]}")


@pytest.fixture(scope="session")
def document(specs: Path) -> Json:
    """Discord's OpenAPI document."""
    read: Json = json.loads((specs / "discord-openapi.json").read_text())
    return read


@pytest.fixture
async def judge(document: Json, place: Place) -> Judge:
    """The judge, who hears every call of the app."""
    judge = Judge(document)
    place.api.event_hooks["response"].append(judge.hear)
    return judge


@pytest.fixture
async def wire(place: Place) -> AsyncIterator[Wire]:
    """A session at the gateway."""
    async with aiohttp.ClientSession() as session:
        wire = await greeted(place.room.gateway_url, session)
        await wire.identify()
        await wire.hear()
        await wire.hear()
        yield wire


async def interaction(wire: Wire, act: Any) -> tuple[Json, "asyncio.Task[Json]"]:
    """Let somebody do something, and return what the app hears of it."""
    task = asyncio.ensure_future(act)
    while (frame := await wire.hear())["t"] != "INTERACTION_CREATE":
        pass
    return frame["d"], task


async def test_places_and_messages(place: Place, judge: Judge) -> None:
    """Everything about the app, the guild, its channels, messages and threads has its form."""
    place.room.limits.enabled = False
    for path in (
        *("users/@me", "applications/@me", "oauth2/applications/@me", "gateway", "gateway/bot"),
        *(f"guilds/{seed.GUILD['id']}{more}" for more in ("", "/channels", "/threads/active")),
        *(f"guilds/{seed.GUILD['id']}/members/{one}" for one in (seed.BOT, RESPONDER, "1")),
        *(f"channels/{one}" for one in (DEPLOYS, GENERAL)),
    ):
        await place.call("GET", path)
    await place.call("POST", "users/@me/channels", {"recipient_id": RESPONDER})
    said = await place.post(f"<@{MANAGER}>", nonce="x", enforce_nonce=True)
    there = f"channels/{DEPLOYS}/messages/{said['id']}"
    await place.call("PATCH", there, CARD | {"content": None})
    await place.call("POST", f"{there}/threads", {"name": "x", "auto_archive_duration": 1440})
    await place.post("x", channel=said["id"])
    await place.call("GET", f"channels/{said['id']}")
    await place.call("PATCH", f"channels/{said['id']}", {"archived": True})
    await place.call("GET", f"channels/{said['id']}/messages")
    await place.call("GET", f"channels/{DEPLOYS}/messages")
    await place.call("GET", there)
    await place.call("POST", f"channels/{DEPLOYS}/messages", {"content": "x" * 2001})
    await place.call("DELETE", there)

    assert judge.complaints == []


async def test_interactions(place: Place, judge: Judge, wire: Wire) -> None:
    """Commands, first responses of every kind, and what follows them have their forms."""
    place.room.limits.enabled = False
    where = f"applications/{seed.APP}/guilds/{seed.GUILD['id']}/commands"
    for path in (where, f"applications/{seed.APP}/commands"):
        await place.call("PUT", path, [COMMAND])
        await place.call("GET", path)

    async def answer(act: Any, kind: int, data: Json | None = None) -> str:
        heard, task = await interaction(wire, act)
        body = {"type": kind} | ({"data": data} if data is not None else {})
        path = f"interactions/{heard['id']}/{heard['token']}/callback"
        await place.call("POST", path, body, with_response="true")
        assert (await task)["ok"]
        return f"webhooks/{seed.APP}/{heard['token']}"

    people, command = place.people, "/rollback backend"
    choices: Json = {"choices": [{"name": "backend", "value": "backend"}]}
    await answer(people.autocomplete(RESPONDER, DEPLOYS, "/rollback", "target"), 8, choices)
    await answer(people.command(RESPONDER, DEPLOYS, command), 4, {"content": "x", "flags": 64})
    later = await answer(people.command(RESPONDER, DEPLOYS, command), 5, {"flags": 64})
    await place.call("PATCH", f"{later}/messages/@original", CARD)
    more = await place.call("POST", later, {"content": "more"}, wait="true")
    await place.call("PATCH", f"{later}/messages/{more['id']}", {"content": "less"})
    await place.call("DELETE", f"{later}/messages/{more['id']}")
    card = await place.call("POST", f"channels/{DEPLOYS}/messages", CARD)

    def click() -> Any:
        return people.click(MANAGER, DEPLOYS, card["id"], "approve")

    await answer(click(), 6)
    await answer(click(), 7, CARD)
    await answer(click(), 9, DIALOG)
    [dialog] = (await people.state())["views"][MANAGER]
    await answer(people.submit(MANAGER, dialog["id"], {"words": "x"}), 4, {"content": "x"})
    await place.call("GET", f"{later}/messages/@original")
    await place.call("DELETE", f"{later}/messages/@original")

    assert judge.complaints == []


async def test_too_many_calls(place: Place, judge: Judge) -> None:
    """Also the refusal of a call too many has its form."""
    for _ in range(6):
        await place.post("x")

    assert judge.complaints == []


async def test_the_judge_finds_what_is_wrong(place: Place, judge: Judge) -> None:
    """A field of a wrong kind in an answer is a complaint."""
    place.room.world.members[RESPONDER]["pending"] = "no"

    await place.call("GET", f"guilds/{seed.GUILD['id']}/members/{RESPONDER}")

    assert len(judge.complaints) == 1


def test_operations_have_their_own_names(document: Json) -> None:
    """Every operation is called as in the document, so that faults can name it."""
    known = {
        (verb.upper(), re.sub(r"\{\w+\}", "{}", path)): operation["operationId"]
        for path, operations in document["paths"].items()
        for verb, operation in operations.items()
        if verb != "parameters"
    }

    ours = {(one.verb, re.sub(r"\{\w+\}", "{}", one.path)): one.name for one in OPERATIONS}

    assert ours.items() <= known.items()
