"""The judge takes what Slack takes, and refuses what Slack refuses or drops."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.chat.slack.dialogs import render_dialog
from bot.message import Dialog, Input
from tests.recorder.payload import ACK, RESPONSE, Json, Payload
from tests.recorder.recorder import judges
from tests.recorder.slack_judge import SlackJudge

Spoil = Callable[[Json], object]

BUTTON: Json = {
    "type": "button",
    "action_id": "approve",
    "text": {"type": "plain_text", "text": "Approve"},
    "value": "rb-7f3k",
}
MESSAGE: Json = {
    "channel": "C00DEPLOYS",
    "text": "Approve?",
    "parse": "none",
    "thread_ts": "1764000000.000100",
    "metadata": {"event_type": "twokey_posting", "event_payload": {"key": "card"}},
    "blocks": [
        {"type": "header", "text": {"type": "plain_text", "text": "Roll back?"}},
        {
            "type": "rich_text",
            "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "now"}]}
            ],
        },
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}], "block_id": "facts"},
        {"type": "context", "elements": [{"type": "plain_text", "text": "small"}]},
        {"type": "actions", "elements": [BUTTON]},
    ],
}
EDIT: Json = {
    **{key: MESSAGE[key] for key in ("channel", "text", "blocks")},
    "ts": "1764000000.000200",
}
ANSWER: Json = {"text": "Recorded.", "response_type": "ephemeral", "blocks": MESSAGE["blocks"]}
VIEW: Json = {
    "trigger_id": "1234567.0123456789abcdef",
    "view": render_dialog(
        Dialog("Why?", "reason", "rb-7f3k", (Input("why", "What is wrong?"),)),
        channel="C00DEPLOYS",
        message="1764000000.000200",
        thread=None,
    ),
}
GOOD = {
    "chat.postMessage": MESSAGE,
    "chat.update": EDIT,
    "chat.postEphemeral": {k: v for k, v in MESSAGE.items() if k != "metadata"} | {"user": "U0ONE"},
    "views.open": VIEW,
    "users.info": {"user": "U00RESPONDER"},
    "conversations.replies": {"channel": "C00DEPLOYS", "ts": "1.000100", "limit": "200"},
    "apps.connections.open": {},
    ACK: ANSWER,
    RESPONSE: ANSWER | {"thread_ts": "1764000000.000100"},
}


def put(*path: str | int, to: object) -> Spoil:
    """Return what puts something at a place in a body."""

    def spoil(body: Any) -> None:
        for step in path[:-1]:
            body = body[step]
        body[path[-1]] = to

    return spoil


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(**more: object) -> Spoil:
    """Return what puts a section with this in it before everything else."""
    return lambda body: body["blocks"].insert(0, {"type": "section", **more})


def button(**more: object) -> Spoil:
    """Return what changes the only button."""
    return put("blocks", 4, "elements", 0, to=BUTTON | more)


MESSAGES: dict[str, Spoil] = {
    "needs channel": lambda body: body.pop("channel"),
    "has no argument icon": put("icon", to="x"),
    "link_names must be of the type boolean": put("link_names", to="no"),
    "channel can't be": put("channel", to="#deploys"),
    "thread_ts can't be": put("thread_ts", to="yesterday"),
    "parse can't be": put("parse", to="some"),
    "metadata is": put("metadata", to={"event_type": "x"}),
    "metadata needs": put("metadata", "event_type", to="x" * 256),
    "needs a text": put("text", to=""),
    "40001 characters": put("text", to="x" * 40_001),
    "51 blocks": put("blocks", to=[{"type": "divider"}] * 51),
    "12000 characters together": put(
        "blocks", to=[{"type": "section", "text": plain("x" * 3_000)}] * 5
    ),
    "block_id facts is there 2 times": section(block_id="facts", text=plain("x")),
    "action_id approve is there 2 times": lambda body: body["blocks"][4]["elements"].append(BUTTON),
    "there is no block poem": put("blocks", 0, to={"type": "poem"}),
    "section has no txet": section(text=plain("x"), txet="x"),
    "text attribute cannot exceed 3000": section(text=plain("x" * 3_001)),
    "fields attribute cannot exceed 10": section(fields=[plain("x")] * 11),
    "a field takes 2000": section(fields=[plain("x" * 2_001)]),
    "at least one character": section(text=plain("")),
    "context needs at least one": put("blocks", 3, "elements", to=[]),
    "a text needs at least one": put(
        "blocks", 1, "elements", 0, "elements", to=[{"type": "text", "text": ""}]
    ),
    "text attribute cannot exceed 150": put("blocks", 0, "text", to=plain("x" * 151)),
    "text of a header is plain_text": put("blocks", 0, "text", to={"type": "mrkdwn", "text": "x"}),
    "text attribute cannot exceed 75": button(text=plain("x" * 76)),
    "value attribute cannot exceed 2000": button(value="x" * 2_001),
    "action_id attribute cannot exceed 255": button(action_id="x" * 256),
    "style attribute must be": button(style="green"),
    "elements[0] has no colour": button(colour="green"),
    "elements attribute cannot exceed 25": put(
        "blocks", 4, "elements", to=[BUTTON | {"action_id": str(n)} for n in range(26)]
    ),
    "can't be read": put("blocks", to="none"),
}
VIEWS: dict[str, Spoil] = {
    "needs trigger_id": lambda body: body.pop("trigger_id"),
    "trigger_id can't be": put("trigger_id", to="now"),
    "modal with a title": lambda body: body["view"].pop("title"),
    "needs submit": lambda body: body["view"].pop("submit"),
    "title must be between 1 and 24": put("view", "title", to=plain("x" * 25)),
    "private_metadata": put("view", "private_metadata", to="x" * 3_001),
    "callback_id": put("view", "callback_id", to="x" * 256),
    "101 blocks": put("view", "blocks", to=[{"type": "divider"}] * 101),
    "modal has no color": put("view", "color", to="red"),
    "label": put("view", "blocks", 0, "label", to=plain("x" * 2_001)),
    "can't be read": lambda body: body.pop("view"),
}


@pytest.fixture(scope="module")
def judge(specs: Path) -> SlackJudge:
    """The judge that knows Slack's document."""
    found = judges(specs)["slack"]
    assert isinstance(found, SlackJudge)
    return found


def flaws(judge: SlackJudge, call: str, body: Json, spoil: Spoil = lambda _: None) -> str:
    """Return what is wrong with a body that was spoiled."""
    spoilt = copy.deepcopy(body)
    spoil(spoilt)
    return "\n".join(judge.flaws(Payload("slack", call, spoilt)))


@pytest.mark.parametrize("call", GOOD)
def test_what_slack_takes_is_taken(judge: SlackJudge, call: str) -> None:
    """Of a good payload of each kind there is nothing to say."""
    assert flaws(judge, call, GOOD[call]) == ""


@pytest.mark.parametrize("flaw", MESSAGES)
def test_a_spoiled_message_is_refused(judge: SlackJudge, flaw: str) -> None:
    """Whatever Slack would refuse of a message is said."""
    assert flaw in flaws(judge, "chat.postMessage", MESSAGE, MESSAGES[flaw])


@pytest.mark.parametrize("flaw", VIEWS)
def test_a_spoiled_dialog_is_refused(judge: SlackJudge, flaw: str) -> None:
    """Whatever Slack would refuse of a dialog is said."""
    assert flaw in flaws(judge, "views.open", VIEW, VIEWS[flaw])


@pytest.mark.parametrize(
    ("call", "spoil", "flaw"),
    [
        ("chat.update", put("text", to="x" * 4_001), "4001 characters, and 4000 at most"),
        ("chat.update", lambda body: body.pop("ts"), "needs ts"),
        ("conversations.replies", put("limit", to="many"), "limit must be of the type integer"),
        ("users.info", put("user", to="@responder"), "user can't be"),
        (ACK, put("response_type", to="secret"), "response_type can't be"),
        (ACK, put("channel", to="C1"), "an answer has no channel"),
        (RESPONSE, put("text", to=""), "needs a text"),
        (RESPONSE, put("blocks", 0, to={"type": "poem"}), "there is no block poem"),
    ],
)
def test_other_spoiled_payloads_are_refused(
    judge: SlackJudge, call: str, spoil: Spoil, flaw: str
) -> None:
    """Edits, questions and answers are judged as well."""
    assert flaw in flaws(judge, call, GOOD[call], spoil)


def test_no_other_method_is_called(judge: SlackJudge) -> None:
    """A method that Slack does not have is refused."""
    assert flaws(judge, "chat.posTMessage", MESSAGE) == "Slack has no such method"


def test_an_answer_may_take_a_message_away(judge: SlackJudge) -> None:
    """What only deletes needs no text."""
    assert flaws(judge, RESPONSE, {"delete_original": True}) == ""
