"""Any message becomes blocks that Slack takes, and in which nothing typed has a meaning."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models import blocks as kit

from bot.chat.slack.blocks import render
from bot.domain.people import Account
from bot.domain.target import Place
from bot.message import (
    Block,
    Button,
    Buttons,
    ChannelMention,
    Checklist,
    Code,
    Fact,
    Facts,
    Inline,
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
    Title,
    When,
)
from bot.workspace.slack.blocks import accepted

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
RESPONDER = Account("slack", "T00TWOKEY", "U00RESPONDER")
RELEASES = Place("slack", "T00TWOKEY", "C00RELEASES")
HOSTILE = [
    "<!channel>",
    "<!here|x>",
    "<@U00RESPONDER>",
    "<#C00DEPLOYS>",
    "<http://evil.example|safe>",
    "http://evil.example",
    "<!date^0^{date}|x>",
    "*bold* _italic_ ~strike~ `code` ```pre```",
    "> quote",
    ":rotating_light:",
    "&lt;!channel&gt;",
    "a\u200bb\u202ec\u2066",
    "שלום مرحبا",
    "👩‍👩‍👧‍👦" * 3,
    "\x00\x1b[31m",
    "\ud83d",
    "   ",
    "",
]

words = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40), st.just("long " * 1500))
moments = st.integers(-(10**9), 4 * 10**9).map(lambda at: datetime.fromtimestamp(at, UTC))
inlines: st.SearchStrategy[Inline] = st.one_of(
    words,
    words.map(Strong),
    words.map(Code),
    st.builds(When, moments, st.booleans()),
    st.just(Mention(RESPONDER)),
    st.just(Mention(Account("discord", "1", "2"))),
    st.just(ChannelMention(RELEASES)),
    words.map(lambda text: Link("https://example.com/x", text)),
)
parts = st.lists(inlines, max_size=25).map(tuple)
buttons = st.builds(
    Button,
    label=words,
    verb=st.sampled_from(["approve", "reject"]),
    value=st.text(max_size=100),
    style=st.sampled_from(Style),
)
blocks: st.SearchStrategy[Block] = st.one_of(
    words.map(Title),
    parts.map(Line),
    st.lists(st.builds(Fact, words, parts), max_size=4).map(tuple).map(Facts),
    st.builds(
        Checklist,
        words,
        st.lists(st.builds(Tick, st.sampled_from(Mark), parts), max_size=4).map(tuple),
    ),
    words.map(Quote),
    parts.map(Note),
    st.lists(buttons, max_size=30).map(tuple).map(Buttons),
)
messages = st.builds(Message, words, st.lists(blocks, max_size=60).map(tuple))


def walk(part: Any) -> Iterator[dict[str, Any]]:
    """All objects of a rendered message."""
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from walk(value)
    if isinstance(part, list):
        for value in part:
            yield from walk(value)


@settings(deadline=None)
@given(messages)
def test_any_message_is_within_slacks_limits(message: Message) -> None:
    """The workspace, which refuses what Slack refuses, takes every message."""
    text, rendered = render(message)

    accepted(rendered)
    assert len(text) <= 3000
    assert 1 <= len(rendered) <= 50
    actions = [part["action_id"] for part in walk(rendered) if "action_id" in part]
    assert len(actions) == len(set(actions))
    assert len(json.dumps(rendered, ensure_ascii=False).encode()) < 500_000


@settings(deadline=None)
@given(messages)
def test_slacks_own_classes_take_any_message(message: Message) -> None:
    """The SDK's checks pass, and it would write each block as we do."""
    _, rendered = render(message)

    for block in rendered:
        parsed: Any = kit.Block.parse(block)
        assert parsed.to_dict() == block


@settings(deadline=None)
@given(messages)
def test_nothing_typed_has_a_meaning(message: Message) -> None:
    """Markup stands in moments of our own making only, and mentions are the people meant."""
    text, rendered = render(message)

    assert not set("<>") & set(text)
    for part in walk(rendered):
        match part.get("type"):
            case "mrkdwn":
                assert part["text"].startswith("<!date^")
                assert part["text"].count("<") == part["text"].count(">") == 1
            case "plain_text":
                assert not set("<>") & set(part["text"])
                assert part.get("emoji") is False
            case "user":
                assert part["user_id"] == RESPONDER.user
            case "channel":
                assert part["channel_id"] == RELEASES.channel
            case "link":
                assert part["url"] == "https://example.com/x"
            case other:
                assert other not in {"broadcast", "usergroup", "emoji", "section"}


@pytest.mark.parametrize("typed", [text for text in HOSTILE if text.strip(" \x00")])
def test_hostile_words_are_shown_as_they_are(typed: str) -> None:
    """Whatever somebody typed is one text without style, letter by letter."""
    _, [block] = render(Message("x", (Line((typed,)),)))

    [span] = block["elements"][0]["elements"]
    assert span["type"] == "text"
    assert "style" not in span


def test_a_whole_card() -> None:
    """Every kind of block has its place in the message, in order."""
    message = Message(
        "Approve? backend (production), asked by Responder, 0 of 2.",
        (
            Title("🚨 EMERGENCY ROLLBACK · backend · production"),
            Line(("Awaiting approval ", Strong("1/2"), " · expires ", When(NOON))),
            Facts((Fact("Issue", ("API answers 500",)), Fact("Plan", (Code("v42"), " → v41")))),
            Checklist("Actions taken", (Tick(Mark.DONE, ("Deploys frozen",)),)),
            Quote("API answers 500"),
            Note(("until ", When(NOON), " · 1 more person")),
            Buttons((Button("Approve", "approve", "1|rb-7f3k||", Style.PRIMARY),)),
        ),
    )

    text, rendered = render(message)

    assert text == "Approve? backend (production), asked by Responder, 0 of 2."
    assert [read(block) for block in rendered] == [
        "🚨 EMERGENCY ROLLBACK · backend · production",
        "Awaiting approval 1/2 · expires 2026-11-21 12:00 UTC",
        "Issue  API answers 500\nPlan  v42 → v41",
        "Actions taken\n☑ Deploys frozen",
        "API answers 500",
        "until<!date^1795262400^{date_short_pretty} {time}|2026-11-21 12:00 UTC>· 1 more person",
        "Approve",
    ]
    assert rendered[-1]["elements"][0] == {
        "type": "button",
        "action_id": "approve",
        "value": "1|rb-7f3k||",
        "style": "primary",
        "text": {"type": "plain_text", "text": "Approve", "emoji": False},
    }


def test_a_channel_is_led_to_in_slack_alone() -> None:
    """Slack shows a channel's name by its id; one of another chat is written out."""
    channels = (ChannelMention(RELEASES), " ", ChannelMention(Place("discord", "1", "2")))

    _, [block] = render(Message("x", (Line(channels),)))

    assert block["elements"][0]["elements"] == [
        {"type": "channel", "channel_id": RELEASES.channel},
        {"type": "text", "text": " "},
        {"type": "text", "text": "discord:1/2"},
    ]


def test_a_note_with_a_person_or_a_link_is_a_paragraph() -> None:
    """Slack's small print has no safe way to mention or link, so the note grows."""
    _, [block] = render(Message("x", (Note(("asked by ", Mention(RESPONDER))),)))

    assert block["elements"][0]["elements"][1] == {"type": "user", "user_id": RESPONDER.user}


def test_a_message_without_blocks_is_shown_as_one_paragraph() -> None:
    """A bare text would be read as markup, so it never goes out without a block."""
    text, [block] = render(Message("*Approved* 1 of 2 & more."))

    assert text == "*\u2060Approved* 1 of 2 &amp; more."
    assert read(block) == "*Approved* 1 of 2 & more."


def test_a_note_has_at_most_ten_elements() -> None:
    """Moments beyond what a context holds are written out."""
    _, [block] = render(Message("x", (Note(("at ", When(NOON)) * 12),)))

    accepted([block])
    assert read(block["elements"][-1]).endswith("at 2026-11-21 12:00 UTC")


def test_a_message_has_at_most_as_many_words_as_slack_takes() -> None:
    """Long paragraphs are dropped from the end, not from the beginning."""
    _, rendered = render(Message("x", tuple(Line((f"{n} " * 1000,)) for n in range(9))))

    assert [read(block)[0] for block in rendered] == ["0", "1", "2", "3", "S"]


def test_what_is_too_long_loses_words_and_no_buttons() -> None:
    """A message over the limits keeps its beginning and every button, and says that it was cut."""
    lines = [Line((f"line {number}",)) for number in range(80)]
    button = Buttons((Button("Stop", "stop", "1|rb-7f3k||"),))

    _, rendered = render(Message("x", (*lines, button)))

    assert len(rendered) == 50
    assert read(rendered[0]) == "line 0"
    assert rendered[-2]["type"] == "actions"
    assert read(rendered[-1]) == "Shortened …"


def read(part: Any) -> str:
    """What a rendered part says."""
    if isinstance(part, list):
        return "".join(map(read, part))
    if isinstance(part.get("text"), str):
        return str(part["text"])
    return str(part.get("fallback") or read(part.get("text") or part["elements"]))
