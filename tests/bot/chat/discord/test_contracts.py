"""What we ask Discord is what its own specification allows, on the paths that it knows."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.chat.discord.commands import warn_of_differences
from bot.chat.discord.components import IS_COMPONENTS
from bot.chat.discord.directory import DiscordDirectory
from bot.chat.discord.guild import CALLS
from bot.chat.discord.reception import _private
from bot.domain.people import Account, Membership
from bot.domain.target import Place
from bot.invocation import Answer
from bot.message import Message
from tests.bot.chat.discord.conftest import CARD, COMMANDS, GUILD, FakeDesk, Server
from tests.bot.chat.discord.test_reception import WHY

# What the running bot never asks for in this story.
UNSEEN = {
    "GET /gateway/bot",
    "GET /guilds/{guild_id}",
    "PATCH /channels/{channel_id}",
    "PUT /applications/{application_id}/commands",
}


@pytest.fixture(scope="module")
def document(specs: Path) -> dict[str, Any]:
    """Discord's OpenAPI document."""
    document: dict[str, Any] = json.loads((specs / "discord-openapi.json").read_text())
    return document


def known(document: dict[str, Any], call: str) -> tuple[str, dict[str, Any]]:
    """The operation of the document that a call makes: its path, and what it says of it."""
    method, path = call.split(" ")
    pattern = re.compile(re.sub(r"\{[^}]+\}", r"[^/]+", path))
    for name, operations in document["paths"].items():
        if pattern.fullmatch(name) and method.lower() in operations:
            return name, operations[method.lower()]
    raise AssertionError(f"{call} is not in the specification")


async def whole_run(server: Server, desk: FakeDesk) -> None:
    """Everything that people and the bot do in a server."""
    chat, account = server.chat, Account("discord", GUILD, str(server.manager.id))
    await warn_of_differences(server.guild, COMMANDS)
    notice = await chat.post(server.place, CARD, thread=None, key="notice")
    await chat.post(server.place, CARD, thread=notice, key="card")
    await chat.post(Place.direct(account), CARD, thread=None, key="ask")
    await chat.edit(notice, CARD)
    await chat.find(server.place, thread=notice, key="lost")
    clock = server.env.now
    directory = DiscordDirectory(server.guild, now=lambda: 0.0, clock=clock)
    assert await directory.membership(account) is Membership.FULL
    message = next(one for one in server.deploys.history() if str(one.id) == notice.message)
    desk.suggestions = ("backend",)
    await server.responder.autocomplete(server.deploys, "rollback", "target", "b")
    for answer in (Answer(), Answer(Message("Done.")), Answer(Message("Rejected."), WHY)):
        desk.answer = answer
        await server.responder.slash(server.deploys, "rollback", target="backend")
        shown = await server.manager.click(message, label="Approve")
    desk.answer = Answer()
    await server.manager.submit_modal(shown, {"because": "x"})


async def test_every_request_is_in_discords_specification(
    server: Server, desk: FakeDesk, document: dict[str, Any]
) -> None:
    """Paths, methods and bodies of a whole run are Discord's own."""
    await whole_run(server, desk)

    asked = set[str]()
    for request in server.env.http_requests:
        call = next(one for one in [*CALLS, *SIGN_IN] if matches(one, request))
        asked.add(call)
        _, operation = known(document, call)
        if request.json is not None:
            content = operation["requestBody"]["content"]["application/json"]
            Draft202012Validator(content["schema"] | document).validate(request.json)
    assert asked >= set(CALLS) - UNSEEN - {AMENDING}


SIGN_IN = ("GET /users/@me", "GET /oauth2/applications/@me")
AMENDING = "PATCH /webhooks/{webhook_id}/{webhook_token}/messages/@original"


def matches(call: str, request: Any) -> bool:
    """Whether a request is this call."""
    method, path = call.split(" ")
    pattern = re.sub(r"\{[^}]+\}", r"[^/]+", path)
    return bool(method == request.method and re.fullmatch(pattern, request.path.partition("?")[0]))


@pytest.mark.parametrize("call", CALLS)
def test_every_call_is_in_discords_specification(document: dict[str, Any], call: str) -> None:
    """Also those that are made on rare days."""
    path, operation = known(document, call)

    assert path.startswith("/")
    assert operation["operationId"]


def test_what_is_amended_fits_the_specification(document: dict[str, Any]) -> None:
    """The outcome that replaces what was said first is an edit that Discord takes."""
    _, operation = known(document, AMENDING)
    schema = operation["requestBody"]["content"]["application/json"]["schema"]

    body = _private(Message("Done.")) | {"flags": IS_COMPONENTS}
    Draft202012Validator(schema | document).validate(body)
