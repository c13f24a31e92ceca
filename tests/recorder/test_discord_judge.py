"""The judge takes what Discord takes, and refuses what Discord refuses and what we never send."""

import copy
from pathlib import Path
from typing import Any

import pytest

from bot.chat.discord.commands import described
from bot.chat.discord.components import IS_COMPONENTS, NOBODY, render
from bot.chat.discord.dialogs import render_dialog
from bot.message import Button, Buttons, Dialog, Input, Line, Message, Title
from tests.bot.chat.discord.conftest import COMMANDS
from tests.recorder.discord_judge import DiscordJudge
from tests.recorder.payload import Json, Payload
from tests.recorder.recorder import judges
from tests.recorder.specification import ALSO_ALLOWED
from tests.recorder.test_slack_judge import Spoil, put

CARD = Message(
    "Approve?",
    (Title("Roll back?"), Line(("now",)), Buttons((Button("Approve", "approve", "rb-7f3k"),))),
)
POST, EDIT = "POST /channels/1/messages", "PATCH /channels/1/messages/2"
ANSWER, MORE = "POST /interactions/1/x/callback", "POST /webhooks/1/x"
AMEND, COMMAND = "PATCH /webhooks/1/x/messages/@original", "PUT /applications/1/guilds/2/commands"
SENTENCE: Json = {
    "content": "Approve?",
    "nonce": "a",
    "enforce_nonce": True,
    "allowed_mentions": NOBODY | {"users": ["400000000000000001"]},
}
DRAWN: Json = {
    "content": None,
    "components": render(CARD, mark=1 << 30)[1],
    "flags": IS_COMPONENTS,
    "allowed_mentions": NOBODY,
}
PRIVATE = {key: DRAWN[key] for key in ("components", "allowed_mentions")} | {"flags": 1 << 15 | 64}
FORM = render_dialog(Dialog("Why?", "reason", "rb-7f3k", (Input("why", "What is wrong?"),)))
GOOD: list[tuple[str, Any]] = [
    (POST, SENTENCE),
    (EDIT, DRAWN),
    (MORE, PRIVATE),
    (AMEND, DRAWN),
    (COMMAND, described(COMMANDS)),
    (ANSWER, {"type": 4, "data": PRIVATE}),
    (ANSWER, {"type": 5, "data": {"flags": 64}}),
    (ANSWER, {"type": 6}),
    (ANSWER, {"type": 7, "data": DRAWN}),
    (ANSWER, {"type": 8, "data": {"choices": [{"name": "backend", "value": "backend"}]}}),
    (ANSWER, {"type": 9, "data": FORM}),
    ("POST /channels/1/messages/2/threads", {"name": "x", "auto_archive_duration": 1440}),
    ("PATCH /channels/1", {"archived": False}),
    ("POST /users/@me/channels", {"recipient_id": "400000000000000001"}),
    ("GET /gateway/bot", None),
]


def inside(body: Json) -> list[Json]:
    """Return the components within the only container."""
    found: list[Json] = body["components"][0]["components"]
    return found


def row(*buttons: Json) -> Json:
    return {"type": 1, "components": list(buttons)}


def button(**more: object) -> Json:
    return {"type": 2, "style": 2, "label": "x", "custom_id": "x"} | more


def text(words: str = "x") -> Json:
    return {"type": 10, "content": words}


def add(*parts: Json) -> Spoil:
    """Return what adds components to a card."""
    return lambda body: inside(body).extend(parts)


def link(**more: object) -> Json:
    return {"type": 2, "style": 5, "label": "x"} | more


SENTENCES: dict[str, Spoil] = {
    "with an empty parse": lambda body: body.pop("allowed_mentions"),
    "allowed_mentions has to be there": put("allowed_mentions", "parse", to=["everyone"]),
    "2001 characters": put("content", to="x" * 2_001),
    "2002 characters": put("content", to="🚨" * 1_001),
    "is not of type 'string', 'null'": put("content", to=5),
    "plain content, for phones": put("components", to=[row(button())]),
    "needs a nonce": lambda body: body.pop("enforce_nonce"),
    "is too long": put("nonce", to="x" * 26),
    "an empty message": put("content", to=" "),
    "('contents' was unexpected)": put("contents", to="x"),
    "does not match": put("allowed_mentions", "users", to=["@everyone"]),
}
CARDS: dict[str, Spoil] = {
    "with an empty parse": lambda body: body.pop("allowed_mentions"),
    "has nothing beside them": put("content", to="x"),
    "a message of components": put("embeds", to=[{"description": "x"}]),
    "need the flag": put("flags", to=0),
    "41 components": add(*[text() for _ in range(36)]),
    "characters together": add(text("x" * 3_990)),
    "a row takes 5 buttons": add(row(*[button(custom_id=str(n)) for n in range(6)])),
    "is too long": add(row(button(label="x" * 81))),
    "custom_id x is there 2 times": add(row(button(), button())),
    "$.components[0].components[3].components[0].custom_id": add(row(button(custom_id="x" * 101))),
    "needs a label or an emoji": add(row(button(label=""))),
    "an address if it is a link": add(row(link())),
    "a custom_id unless it is a link": add(row(link(url="https://x.example", custom_id="x"))),
    "9 is not one of": add(row(button(style=9))),
    "('labell' was unexpected)": add(row(button(labell="x"))),
    "99 is none of the types": add({"type": 99}),
    "None is none of the types": add({}),
    "is not of type 'array'": put("components", 0, "components", to={}),
}
ANSWERS: list[tuple[Json, str]] = [
    ({"type": 4, "data": PRIVATE | {"allowed_mentions": {}}}, "with an empty parse"),
    ({"type": 4, "data": {}}, "an empty message"),
    ({"type": 5, "data": {"flags": 1 << 15}}, "takes no more than the flag"),
    ({"type": 5, "data": {"content": "x"}}, "takes no more than the flag"),
    ({"type": 8, "data": {"choices": [{"name": "x", "value": "x"}] * 26}}, "is too long"),
    ({"type": 8, "data": {"choices": [{"name": "x" * 101, "value": "x"}]}}, "is too long"),
    ({"type": 9, "data": FORM | {"title": "x" * 46}}, "is too long"),
    ({"type": 9, "data": FORM | {"components": []}}, "1 to 5 inputs"),
    ({"type": 9, "data": FORM | {"components": FORM["components"] * 2}}, "why is there 2 times"),
    ({"type": 9, "data": FORM | {"components": FORM["components"] * 6}}, "1 to 5 inputs"),
    ({"type": 10}, "10 is none of the types"),
]


@pytest.fixture(scope="module")
def judge(specs: Path) -> DiscordJudge:
    """The judge that knows Discord's document."""
    found = judges(specs)["discord"]
    assert isinstance(found, DiscordJudge)
    return found


def flaws(
    judge: DiscordJudge,
    call: str,
    body: Any,
    spoil: Spoil = lambda _: None,
    query: dict[str, str] | None = None,
) -> str:
    """Return what is wrong with a body that was spoiled."""
    spoilt = copy.deepcopy(body)
    spoil(spoilt)
    return "\n".join(judge.flaws(Payload("discord", call, spoilt, query or {})))


@pytest.mark.parametrize(("call", "body"), GOOD)
def test_what_discord_takes_is_taken(judge: DiscordJudge, call: str, body: Any) -> None:
    """Of a good payload of each kind there is nothing to say."""
    assert flaws(judge, call, body) == ""


@pytest.mark.parametrize("flaw", SENTENCES)
def test_a_spoiled_sentence_is_refused(judge: DiscordJudge, flaw: str) -> None:
    """Whatever Discord would refuse of a new message is said, and what a phone would not show."""
    assert flaw in flaws(judge, POST, SENTENCE, SENTENCES[flaw])


@pytest.mark.parametrize("call", [EDIT, MORE, AMEND])
@pytest.mark.parametrize("flaw", CARDS)
def test_a_spoiled_card_is_refused(judge: DiscordJudge, flaw: str, call: str) -> None:
    """Whatever Discord would refuse of a card is said, wherever it is shown."""
    body = DRAWN if call != MORE else {"content": None} | PRIVATE
    # Of a body that may be one of two things, the document says only that it is neither.
    said = flaws(judge, call, body, CARDS[flaw])

    assert flaw in said or (call == MORE and "not valid under any" in said)


@pytest.mark.parametrize(("answer", "flaw"), ANSWERS)
def test_a_spoiled_answer_is_refused(judge: DiscordJudge, answer: Json, flaw: str) -> None:
    """Whatever Discord would refuse of an answer to an interaction is said."""
    assert flaw in flaws(judge, ANSWER, answer)


@pytest.mark.parametrize(
    ("call", "body", "query", "flaw"),
    [
        ("GET /channels/1/poems", None, {}, "has no such call"),
        ("GET /channels/1/messages", {"x": 1}, {}, "takes no body"),
        ("GET /channels/1/messages", None, {"limit": "101"}, "greater than the maximum"),
        ("GET /channels/1/messages", None, {"limit": "many"}, "is not of type 'integer'"),
        ("GET /channels/1/messages", None, {"pages": "1"}, "pages is no parameter"),
        (COMMAND, [{"name": "x" * 33, "description": "x"}], {}, "is too long"),
        (COMMAND, [{"name": "x", "description": "x", "type": 1, "option": []}], {}, "unexpected"),
        ("PATCH /channels/1", {"archivd": False}, {}, "archivd"),
    ],
)
def test_other_spoiled_requests_are_refused(
    judge: DiscordJudge, call: str, body: Any, query: dict[str, str], flaw: str
) -> None:
    """Paths, questions and commands are judged as well."""
    assert flaw in flaws(judge, call, body, query=query)


def test_what_the_document_does_not_know_is_allowed_by_name(
    judge: DiscordJudge, document: Json
) -> None:
    """Two fields are in Discord's guide and not in its document, which still lacks them."""
    schemas = document["components"]["schemas"]
    assert not any(field in schemas[name]["properties"] for name, field in ALSO_ALLOWED.items())

    assert flaws(judge, COMMAND, [{"name": "x", "description": "x", "nsfw": False}]) == ""
    edit = SENTENCE | {"embeds": [{"description": "x", "flags": 0}]}
    assert flaws(judge, POST, edit) == ""
