"""Any message becomes components that Discord takes, and in which nothing typed has a meaning."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator
from simcord.components import validate_components

from bot.chat.cut import units
from bot.chat.discord.components import IS_COMPONENTS, mentioned, render
from bot.domain.people import Account
from bot.domain.target import Place
from bot.message import (
    Button,
    Buttons,
    ChannelMention,
    Checklist,
    Code,
    Fact,
    Facts,
    Line,
    Link,
    Mark,
    Mention,
    Message,
    Note,
    Quote,
    Strong,
    Style,
    Tick,
    Ticket,
    Title,
    When,
)
from tests.bot.chat.discord.conftest import buttons, texts
from tests.bot.chat.discord.markdown import Node, read
from tests.bot.chat.discord.messages import DEPLOYS, RESPONDER, crowded, messages

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
TICKET = str(Ticket("rb-7f3k", "a" * 64))
OURS = {
    "words",
    "strong",
    "code",
    "time",
    "user",
    "channel",
    "our link",
    "heading",
    "subtext",
    "quote",
}


def walk(part: Any) -> Iterator[dict[str, Any]]:
    """All components of a message."""
    for one in part:
        yield one
        yield from walk(one.get("components", []))


def lines(message: Message) -> list[str]:
    """What the card says, one text each."""
    _, components = render(message)
    return [part["content"] for part in walk(components) if part["type"] == 10]


@settings(deadline=None)
@given(messages | crowded)
def test_any_message_is_within_discords_limits(message: Message) -> None:
    """A library that refuses what Discord refuses takes every message."""
    content, components = render(message, mark=1 << 30)

    validate_components(components, flags=IS_COMPONENTS)
    every = list(walk(components))
    assert len(every) <= 40
    assert 1 <= units(content) <= 2000
    assert sum(units(part.get("content", "")) for part in every) <= 4000
    assert texts(components).count("-# Shortened …") <= 1
    ids = [part["custom_id"] for part in every if "custom_id" in part]
    assert len(ids) == len(set(ids))


@settings(deadline=None, max_examples=25)
@given(message=messages)
def test_discords_own_specification_takes_any_message(
    message: Message, creating: Draft202012Validator, editing: Draft202012Validator
) -> None:
    """The sentence is a message that can be created, and the card one to which it is edited."""
    content, components = render(message)

    creating.validate({"content": content, "nonce": "x", "enforce_nonce": True})
    editing.validate({"content": None, "components": components, "flags": IS_COMPONENTS})


@settings(deadline=None)
@given(messages)
def test_nothing_typed_has_a_meaning(message: Message) -> None:
    """What has a meaning in a card are our own parts, and mentions are the people meant."""
    content, components = render(message)

    pings = [Node("user", f"<@{user}>") for user in mentioned(message)]
    assert [node for node in read(content) if node.kind != "words"] == pings
    for part in walk(components):
        for node in read(part.get("content", "")):
            assert node.kind in OURS
            assert node.kind != "user" or node.words == f"<@{RESPONDER.user}>"
            assert node.kind != "channel" or node.words == f"<#{DEPLOYS.channel}>"
            assert node.kind != "our link" or node.words == "https://example.com/x"


def test_a_whole_card() -> None:
    """Every kind of block has its place in the message, in order."""
    message = Message(
        "Approve? backend (production), asked by Responder, 0 of 2.",
        (
            Title("🚨 EMERGENCY ROLLBACK · backend · production"),
            Line(("Awaiting approval ", Strong("1/2"), " · expires ", When(NOON))),
            Facts((Fact("Issue", ("API answers 500",)), Fact("Plan", (Code("v42"), " → v41")))),
            Checklist("Actions taken", (Tick(Mark.DONE, ("Deploys frozen",)),)),
            Quote("API answers 500\n# and more"),
            Note(("until ", When(NOON, relative=True), " · 1 more person")),
            Line((Link("https://example.com/x", "Open it"),)),
            Buttons((Button("Approve", "approve", TICKET, Style.PRIMARY),)),
        ),
    )

    content, [container] = render(message, mark=7)

    assert content == "Approve? backend (production), asked by Responder, 0 of 2."
    assert container["type"] == 17
    assert container["id"] == 7
    parts = container["components"]
    assert [part.get("content", part["type"]) for part in parts] == [
        "## 🚨 EMERGENCY ROLLBACK · backend · production",
        "Awaiting approval **1/2** · expires <t:1795262400:f>",
        "**Issue**  API answers 500\n**Plan**  `v42` → v41",
        14,
        "**Actions taken**\n☑ Deploys frozen",
        "> API answers 500\n> \\# and more",
        "-# until <t:1795262400:f> · <t:1795262400:R> · 1 more person",
        "[Open it](<https://example.com/x>)",
        1,
    ]
    [button] = parts[-1]["components"]
    assert button == {
        "type": 2,
        "style": 3,
        "label": "Approve",
        "custom_id": "approve:rb-7f3k|qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo|",
    }


def test_a_message_without_blocks_is_its_sentence() -> None:
    """The sentence alone stands on the card as well."""
    assert lines(Message("*Approved* 1 of 2.")) == ["\\*Approved\\* 1 of 2."]


def test_whoever_is_told_is_told_by_the_sentence() -> None:
    """An edit notifies nobody, so a mention on the card also stands in what is posted first."""
    other = Mention(Account("slack", "T1", "U1"))
    message = Message("Look.", (Line(("by ", Mention(RESPONDER), other, Mention(RESPONDER))),))

    content, _ = render(message)

    assert content == f"Look. <@{RESPONDER.user}>"
    assert mentioned(message) == (RESPONDER.user,)
    [text] = lines(message)
    nodes = [Node(node.kind, node.words.strip("\u2060")) for node in read(text)]
    ping = Node("user", f"<@{RESPONDER.user}>")
    assert nodes == [Node("words", "by "), ping, Node("words", "slack:T1/U1"), ping]


def test_a_channel_is_led_to_in_discord_alone() -> None:
    """Discord shows a channel's name by its id; one of another chat is written out."""
    channels = (ChannelMention(DEPLOYS), ChannelMention(Place("slack", "T", "C")))

    [text] = lines(Message("x", (Line(channels),)))

    nodes = [Node(node.kind, node.words.strip("\u2060")) for node in read(text)]
    assert nodes == [Node("channel", f"<#{DEPLOYS.channel}>"), Node("words", "slack:T/C")]


def test_two_marked_parts_side_by_side_stay_two() -> None:
    """Their signs are not read together."""
    [text] = lines(Message("x", (Line((Code("v42"), Code("v41"), Strong("a"), Strong("b"))),)))

    marked = [node for node in read(text) if node.kind != "words"]
    assert marked == [
        Node("code", "v42"),
        Node("code", "v41"),
        Node("strong", "a"),
        Node("strong", "b"),
    ]


def test_texts_are_joined_before_they_are_written() -> None:
    """Two harmless texts side by side can't become one that means something."""
    [text] = lines(Message("x", (Line(("https:", "//evil.example ", "*", "*x*", "*")),)))

    assert {node.kind for node in read(text)} == {"words"}


def test_a_card_with_many_doubts_keeps_every_button() -> None:
    """Where Discord's forty parts are too few, neighbouring texts become one."""
    ticket = str(Ticket("rb-7f3k", "a" * 64, "step"))
    doubt = (
        Line(("In doubt",)),
        Buttons((Button("Yes", "settle_yes", ticket), Button("No", "settle_no", ticket))),
    )
    stop = Buttons((Button("Stop", "stop", TICKET, Style.DANGER),))
    lines = [Line((f"line {number}",)) for number in range(6)]
    message = Message("x", (Title("t"), *lines, *doubt * 8, stop, Note(("n",))))

    _, components = render(message)

    assert len(list(walk(components))) <= 40
    assert len(buttons(components)) == 17
    assert texts(components).startswith("## t\nline 0\nline 1\n")
    assert "Shortened" not in texts(components)


def test_what_is_too_long_loses_words_and_no_buttons() -> None:
    """A message over the limits keeps its beginning and every button, and says that it was cut."""
    long = [Line((f"line {number} " + "x" * 300,)) for number in range(40)]

    _, components = render(Message("x", (*long, Buttons((Button("Stop", "stop", TICKET),)))))

    assert texts(components).startswith("line 0 ")
    assert texts(components).endswith("-# Shortened …")
    assert [button["label"] for button in buttons(components)] == ["Stop"]


def test_a_button_that_can_not_carry_its_value_can_not_be_pressed() -> None:
    """Rather no button than one that says something else."""
    _, components = render(Message("x", (Buttons((Button("Stop", "stop", "y" * 200),)),)))

    assert [button.get("disabled") for button in buttons(components)] == [True]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", ""])
def test_only_web_addresses_are_links(url: str) -> None:
    """Anything else is shown as words."""
    assert lines(Message("x", (Line((Link(url, "Open it"),)),))) == ["Open it"]


@pytest.fixture(scope="module")
def document(specs: Path) -> dict[str, Any]:
    """Discord's OpenAPI document."""
    document: dict[str, Any] = json.loads((specs / "discord-openapi.json").read_text())
    return document


def _validator(document: dict[str, Any], name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}"} | document)


@pytest.fixture(scope="module")
def creating(document: dict[str, Any]) -> Draft202012Validator:
    """What Discord takes as a new message."""
    return _validator(document, "MessageCreateRequest")


@pytest.fixture(scope="module")
def editing(document: dict[str, Any]) -> Draft202012Validator:
    """What Discord takes as an edit."""
    return _validator(document, "MessageEditRequestPartial")
