"""Each story of the demo, played by the command that people type, and its facts.

Each is played in an environment of credentials, addresses and proxies that would lead it astray.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from bot.workspace.demo.stories import read_stories
from tests.journeys.conftest import Told, tell

Facts = Mapping[str, Any]
Stories = Callable[..., Told]

MESSAGES = re.compile(r"/api/v10/channels/\d+/messages(?:/(\d+))?")
KEYS = {
    *("story", "chat", "store", "state", "approvals", "requester_approved", "refusals", "effects"),
    *("kills", "steps", "healthy_before", "healthy_after", "summary_posted", "seconds"),
}
HEALED: Facts = {
    "state": "succeeded",
    "approvals": 2,
    "requester_approved": False,
    "effects": {"railway.rollback": 1},
    "healthy_before": False,
    "healthy_after": True,
    "summary_posted": True,
}
LEFT_ALONE: Facts = {
    "effects": {},
    "healthy_before": False,
    "healthy_after": False,
    "summary_posted": False,
}
ENDS: Mapping[str, Facts] = {
    "approve": {**HEALED, "refusals": [], "kills": 0},
    "frontend": {**HEALED, "effects": {"vercel.rollback": 1}},
    "full": {**HEALED, "effects": {"vercel.rollback": 1, "railway.rollback": 1}},
    "self-approval": {**HEALED, "refusals": ["own_request", "not_approver"]},
    "withdraw": {**HEALED, "refusals": []},
    "reject": {**LEFT_ALONE, "state": "rejected", "approvals": 0},
    "unknown-target": {**LEFT_ALONE, "state": None, "refusals": ["unknown_target"], "steps": []},
    "busy": {**HEALED, "refusals": ["busy"]},
    "stop": {**LEFT_ALONE, "state": "cancelled"},
    "expire": {**LEFT_ALONE, "state": "expired", "approvals": 1},
    "lost-answer": {**HEALED, "kills": 0},
    "crash": {**HEALED, "kills": 1},
    "amnesia": {**HEALED, "kills": 1},
    "lying-provider": {**HEALED, "state": "unverified", "effects": {}, "healthy_after": False},
    "half": {
        **HEALED,
        "state": "partial",
        "effects": {"vercel.rollback": 1},
        "healthy_after": False,
    },
    "doubt": {**HEALED, "refusals": [], "kills": 0},
    "slack-misbehaves": {**HEALED, "refusals": ["duplicate", "already_approved", "duplicate"]},
}
# What takes another chat, or two of them.
ELSEWHERE: Mapping[str, Facts] = {
    "restart": {**HEALED, "refusals": [], "kills": 1},
    "discord-misbehaves": {**HEALED, "refusals": ["duplicate", "already_approved", "duplicate"]},
    "two-accounts": {**HEALED, "refusals": ["own_request"]},
    "chat-down": {**HEALED, "refusals": [], "kills": 0},
    "cli": {**HEALED, "refusals": ["own_request"], "kills": 0},
}
EVERY = {**ENDS, **ELSEWHERE}
# Of the stories on Discord, those in which the chat itself does most, and on PostgreSQL those in
# which the store does; `make prove PART=stories` plays all of them, on both.
ON_DISCORD = ("self-approval", "withdraw", "reject", "doubt", "restart", "discord-misbehaves")
ON_POSTGRES = ("busy", "expire", "crash", "doubt")


@pytest.mark.parametrize(
    ("story", "store"),
    [*((story, "sqlite") for story in ENDS), *((story, "postgres") for story in ON_POSTGRES)],
)
def test_story_ends_as_told(stories: Stories, story: str, store: str) -> None:
    """A story ends well only with exactly the facts that it promises, wherever it is kept."""
    told = stories(story, store=store)

    assert told.status == 0, "\n".join([*told.lines, told.trouble])
    assert told.facts.keys() == KEYS
    assert told.facts["store"] == store
    assert {**told.facts, **ENDS[story]} == told.facts
    assert told.facts["seconds"] < 20


@pytest.mark.parametrize(
    ("story", "end"),
    [
        ("approve", "backend was rolled back, each effect once"),
        ("half", "the rollback is partial, each effect once"),
        ("unknown-target", "no rollback began, nothing was changed"),
    ],
)
def test_story_says_how_it_ended(stories: Stories, story: str, end: str) -> None:
    """The facts at the end are for programs; the sentence above them is for people."""
    lines = stories(story).lines

    assert lines[-2] == f"The story {story} ended as it should: {end}."
    assert "time runs 10 times faster than the seconds on the left" in lines[0]


@pytest.mark.parametrize("chat", ["discord"])
@pytest.mark.parametrize("story", ON_DISCORD)
def test_story_ends_the_same_on_discord(stories: Stories, story: str, chat: str) -> None:
    """On another chat a story has the very same end."""
    told = stories(story, chat=chat)

    assert told.status == 0, "\n".join([*told.lines, told.trouble])
    assert {**told.facts, **EVERY[story], "chat": chat} == told.facts


@pytest.mark.parametrize(
    ("story", "chat"),
    [("approve", "both"), ("two-accounts", "both"), ("chat-down", "both"), ("cli", "none")],
)
def test_story_ends_as_told_on_two_chats_or_none(stories: Stories, story: str, chat: str) -> None:
    """On two chats it is one rollback, and without any chat the same people decide by keys."""
    told = stories(story, chat=chat)

    assert told.status == 0, "\n".join([*told.lines, told.trouble])
    assert {**told.facts, **EVERY[story], "chat": chat} == told.facts


@pytest.mark.parametrize("story", ["approve", "frontend"])
def test_environment_changes_nothing(stories: Stories, story: str) -> None:
    """Credentials, addresses and proxies of the user's environment have no part in the demo."""
    told = stories(story)

    assert told.status == 0, "\n".join([*told.lines, told.trouble])


def test_every_story_is_played() -> None:
    """The stories that are played here are all that there are."""
    assert EVERY.keys() == read_stories().keys()


def test_a_story_of_another_chat() -> None:
    """A story that needs another chat says which one, and starts nothing."""
    told = tell("two-accounts", "--chat", "discord")

    assert told.status == 1
    assert "The story two-accounts is played with --chat both. Nothing was started." in told.trouble


@pytest.mark.parametrize("story", ["unknown-target"])
def test_conversation_can_be_read(stories: Stories, story: str) -> None:
    """A transcript shows who typed what, and who was told what, privately or before everybody."""
    text = "\n".join(stories(story).lines)

    assert "Responder types /rollback backnd" in text
    assert "Twokey says to Responder privately:" in text
    assert "Did you mean backend?" in text


@pytest.mark.parametrize("chat", ["discord"])
@pytest.mark.parametrize("story", ["discord-misbehaves"])
def test_what_must_notify_is_a_sentence_first(stories: Stories, story: str, chat: str) -> None:
    """Each message is posted as plain content, which phones show, and only then becomes a card."""
    posted: dict[str, Any] = {}
    drawn: dict[str, Any] = {}
    for one in stories(story, chat=chat).sent:
        place = MESSAGES.fullmatch(one.url)
        if place is None or one.status >= 400:
            continue
        if one.method == "POST":
            posted.setdefault(one.made["id"], json.loads(one.body))
        elif one.method == "PATCH":
            assert place[1] in posted
            drawn.setdefault(place[1], json.loads(one.body))

    assert len(posted) >= 4  # the notice, the approval card, and one to each manager
    assert drawn.keys() == posted.keys()
    assert all(one["content"] and "components" not in one for one in posted.values())
    assert all(one["content"] is None and one["components"] for one in drawn.values())


def test_unknown_story() -> None:
    """A story that does not exist is answered with those that do."""
    told = tell("aprove")

    assert told.status == 1
    assert all(name in told.trouble for name in ENDS)
