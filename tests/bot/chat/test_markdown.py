"""Messages as Markdown and as plain text: nobody else's words mean anything in them."""

import re
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.chat.clean import clean
from bot.chat.markdown import to_markdown, to_text
from bot.domain.people import Account
from bot.message import (
    Block,
    Button,
    Buttons,
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
    Tick,
    Title,
    When,
)

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
EVERY_BLOCK = Message(
    "backend (production) is rolled back.",
    (
        Title("🟢 ROLLED BACK · backend · production"),
        Line((Strong("Verified"), " ", When(NOON), " by ", Code("check.http"))),
        Facts(
            (
                Fact("Issue", ("API answers 500 since the deploy of 13:58, for everybody",)),
                Fact("Does NOT come back", ("database writes",)),
            )
        ),
        Checklist(
            "Actions taken",
            (
                Tick(Mark.DONE, ("Railway api · 31 s",)),
                Tick(Mark.RUNNING, ("Verification · health",)),
                Tick(Mark.OPEN, ("Report",)),
            ),
        ),
        Quote("it was the cart"),
        Line((Mention(Account("slack", "T00", "U00")), Link("https://twokey.example", "more"))),
        Buttons((Button("Ask again", "again", "1|rb-7f3k||"), Button("Details", "details", "x"))),
        Note((Code("rb-7f3k"),)),
    ),
)
HOSTILE = [
    "# heading",
    "- item",
    "+ item",
    "1. item",
    "1) item",
    "= = =",
    "===",
    "---",
    "> quote",
    "*emphasis* **strong** __strong__ _emphasis_",
    "`code` ``code``",
    "~~gone~~ | table | --- |",
    "[link](http://evil.example) ![image](http://evil.example/x.png)",
    "[link]: http://evil.example",
    "<http://evil.example> <b>bold</b> <script>alert(1)</script> <!-- hidden -->",
    "&lt;b&gt; &amp; &#42;",
    "a\n\n# heading\n- item\n    code",
    "    code",
    "\\*escaped\\*",
    "line  \nbreak",
]


def inside(block: str, words: str) -> Block:
    """Put words from outside into a block."""
    if block == "quote":
        return Quote(words)
    if block == "title":
        return Title(words)
    if block == "facts":
        return Facts((Fact("Issue", (words,)),))
    if block == "checklist":
        return Checklist("Steps", (Tick(Mark.DONE, (words,)),))
    return Note((words,)) if block == "note" else Line((words,))


def tokens(markdown: str) -> list[Token]:
    """Parse Markdown as a reader's program does."""
    parsed = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    return [one for token in parsed for one in (token, *(token.children or ()))]


def shape(markdown: str) -> list[str]:
    """Return what a document is made of, without its words."""
    return [t.type for t in tokens(markdown) if t.type not in {"text", "text_special"}]


def said(markdown: str) -> str:
    """Return the words that a reader sees."""
    kinds = {"text", "text_special", "code_inline", "softbreak"}
    seen = "".join(t.content or " " for t in tokens(markdown) if t.type in kinds)
    return " ".join(seen.split())


@pytest.mark.parametrize("block", ["line", "note", "facts", "checklist", "quote", "title"])
@given(words=st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1, max_size=60)))
def test_words_from_outside_have_no_shape(block: str, words: str) -> None:
    """A document has the same parts whatever was said, and a reader sees what was said."""
    visible = clean(_without_controls(f"a{words}"))

    markdown = to_markdown(Message("x", (inside(block, f"a{words}"),)))

    assert shape(markdown) == shape(to_markdown(Message("x", (inside(block, "harmless"),))))
    assert said(markdown).endswith(" ".join(visible.split()))


@pytest.mark.parametrize("words", HOSTILE)
def test_no_line_begins_a_block(words: str) -> None:
    """Words at the very start of a line begin no heading, list, quote or code."""
    for block in ("line", "quote"):
        markdown = to_markdown(Message("x", (inside(block, words),)))

        assert shape(markdown) == shape(to_markdown(Message("x", (inside(block, "harmless"),))))


def test_bare_addresses_are_not_linked() -> None:
    """Addresses are broken up, because some readers link what only looks like one."""
    markdown = to_markdown(Message("see http://evil.example, www.evil.example and a@evil.example"))

    assert "http://" not in markdown
    assert "www." not in markdown
    assert "a@" not in markdown


def test_a_document_has_everything_but_buttons() -> None:
    """A document keeps every block in its order and leaves out what nobody can press there."""
    assert to_markdown(EVERY_BLOCK) == (
        "## 🟢 ROLLED BACK · backend · production\n"
        "\n"
        "**Verified** 2026-11-21 12:00 UTC by `check.http`\n"
        "\n"
        "* **Issue:** API answers 500 since the deploy of 13:58, for everybody\n"
        "* **Does NOT come back:** database writes\n"
        "\n"
        "**Actions taken**\n"
        "\n"
        "- ☑ Railway api · 31 s\n"
        "- ▶ Verification · health\n"
        "- ☐ Report\n"
        "\n"
        "> it was the cart\n"
        "\n"
        "slack:T00/U00[more](<https://twokey.example>)\n"
        "\n"
        "<sub>`rb-7f3k`</sub>\n"
    )


def test_neighbouring_lists_stay_apart() -> None:
    """Facts right behind a checklist are a list of their own."""
    checklist = Checklist("Steps", (Tick(Mark.DONE, ("Railway api",)),))

    markdown = to_markdown(Message("x", (checklist, Facts((Fact("Data", ("kept",)),)))))

    assert shape(markdown).count("bullet_list_open") == 2


def test_a_terminal_shows_everything_within_its_width() -> None:
    """Plain text aligns facts, hangs ticks, and never breaks a button."""
    text = to_text(EVERY_BLOCK, width=30, day=NOON.date())

    assert text == (
        "🟢 ROLLED BACK · backend ·\n"
        "production\n"
        "Verified 12:00 UTC by\n"
        "check.http\n"
        "Issue      API answers 500\n"
        "           since the deploy of\n"
        "           13:58, for\n"
        "           everybody\n"
        "Does NOT   database writes\n"
        "come back\n"
        "\n"
        "Actions taken\n"
        "☑ Railway api · 31 s\n"
        "▶ Verification · health\n"
        "☐ Report\n"
        "\n"
        "“it was the cart”\n"
        "slack:T00/U00more\n"
        "(https://twokey.example)\n"
        "[ Ask again ]  [ Details ]\n"
        "rb-7f3k\n"
    )


def test_a_moment_of_another_day_has_its_date() -> None:
    """In a terminal only moments of the given day are shown without a date."""
    message = Message("x", (Line((When(NOON),)),))

    assert to_text(message, day=NOON.date()) == "12:00 UTC\n"
    assert to_text(message) == "2026-11-21 12:00 UTC\n"


@given(st.text())
@example("\x1b[31mred\u202eturned\u2066isolated")
def test_a_terminal_is_not_controlled(words: str) -> None:
    """No control character and no turned reading direction reaches a terminal."""
    text = to_text(Message(words)) + to_text(Message("x", (Line((words,)), Quote(words))))

    assert all(unicodedata.category(char) != "Cc" for char in text.replace("\n", ""))
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", text)


@pytest.mark.parametrize("code", ["rb-7f3k", "a`b", "``", "`"])
def test_code_stays_code(code: str) -> None:
    """Whatever stands in code is shown as it is, backticks included."""
    markdown = to_markdown(Message("x", (Line((Code(code),)),)))

    (inline,) = [token for token in tokens(markdown) if token.type == "code_inline"]
    assert inline.content == code


def test_a_message_without_blocks_is_its_text() -> None:
    """Where there is no card, the sentence is everything."""
    assert to_markdown(Message("Nothing was changed.")) == "Nothing was changed.\n"
    assert to_text(Message("Nothing was changed.")) == "Nothing was changed.\n"


def _without_controls(text: str) -> str:
    return "".join(" " if unicodedata.category(char) == "Cc" else char for char in text)
