"""Any message at all, for properties that hold for each."""

from datetime import UTC, datetime

from hypothesis import strategies as st

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
    Ticket,
    Title,
    When,
)

RESPONDER = Account("discord", "1130000000000000001", "400000000000000001")
DEPLOYS = Place("discord", "1130000000000000001", "500000000000000001")
HOSTILE = [
    "@everyone @here",
    "<@400000000000000009> <@&1> <#1> </rollback:1> <:a:1> <t:1:R> <id:guide>",
    "[safe](https://evil.example) https://evil.example discord.gg/x",
    "*bold* **bold** _it_ __u__ ~~s~~ ||spoiler|| `code` ```pre```",
    "> quote",
    "# head\n-# small\n- item\n1. first",
    ":rotating_light:",
    "a\u200bb\u202ec\u2066",
    "שלום مرحبا",
    "👩‍👩‍👧‍👦" * 3,
    "\x00\x1b[31m",
    "\ud83d",
    "\\",
    "*",
    "_",
    "<",
    "`",
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
    st.just(Mention(Account("slack", "T1", "U1"))),
    st.just(ChannelMention(DEPLOYS)),
    words.map(lambda text: Link("https://example.com/x", text)),
)
parts = st.lists(inlines, max_size=12).map(tuple)
tickets = st.builds(
    Ticket,
    st.from_regex(r"rb-[0-9a-z]{4,12}", fullmatch=True),
    st.sampled_from(["", "a" * 64, "0123456789abcdef" * 4]),
    st.from_regex(r"[\w.-]{0,60}", fullmatch=True),
)
buttons = st.builds(
    Button,
    label=words,
    verb=st.sampled_from(["approve", "reject", "settle_yes", "resolve_confirm"]),
    value=st.one_of(tickets.map(str), st.text(max_size=120)),
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
    st.lists(buttons, max_size=12).map(tuple).map(Buttons),
)


def _filling(count: int, length: int, letter: str) -> tuple[Block, ...]:
    """Return many blocks that are as long together as a message can be."""
    words = letter * length
    kinds: tuple[Block, ...] = (
        Line((words,)),
        Note((words,)),
        Quote(words),
        Checklist(words, (Tick(Mark.DONE, ("x",)),)),
        Buttons((Button("x", "approve", "1"),)),
    )
    return tuple(kinds[number % len(kinds)] for number in range(count))


def _lines(count: int, length: int, letter: str) -> tuple[Block, ...]:
    return tuple(Line((letter * length,)) for _ in range(count))


# As long as a message can be, in as many parts as it can have, or a little more.
crowded = st.integers(30, 90).flatmap(
    lambda count: st.builds(
        lambda make, length, letter: Message("x", make(count, length, letter)),
        st.sampled_from([_filling, _lines]),
        st.integers(1, 4200 // count),
        st.sampled_from("a*"),
    )
)
messages = st.builds(Message, words, st.lists(blocks, max_size=25).map(tuple))
