"""What messages of ours hold is drawn as Discord draws it, and nothing else."""

from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

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
    Title,
    When,
)
from bot.workspace.discord import seed
from tests.bot.workspace.page.discord.conftest import DEPLOYS, MANAGER, Desk

MOMENT = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
HOSTILE = (
    "<img src=x onerror=alert(1)> <script>alert(1)</script> @everyone <@400000000000000002> "
    "[safe](https://evil.example) https://evil.example **bold** `code` ||hidden|| <t:1:R>"
)
LINES_OF_ATTACK = "# head\n-# small\n> quote\n- item\n1. first\n```\nblock\n```"


async def test_all_our_parts_are_drawn(desk: Desk) -> None:
    """Titles, facts, ticks, quotes, small print, moments and buttons are drawn."""
    manager = Mention(Account("discord", seed.GUILD["id"], MANAGER))
    link = Link("https://example.com/logs", "the logs")
    happened = When(MOMENT, relative=True)
    buttons = (
        Button("Approve", "approve", "x", Style.PRIMARY),
        Button("Reject…", "reject", "x", Style.DANGER),
        Button("Details", "details", "x" * 200),
    )
    message = Message(
        "x",
        (
            Title("🚨 EMERGENCY ROLLBACK"),
            Line(("for ", manager, " with api_v2 (a*b) and ", link)),
            Line(("in ", ChannelMention(Place("discord", seed.GUILD["id"], DEPLOYS)))),
            Facts((Fact("Issue", (Code("v42"), " of `x`")), Fact("Started", (happened,)))),
            Checklist("Actions taken", (Tick(Mark.DONE, ("api done",)),)),
            Quote("said & done\nat last"),
            Buttons(buttons),
            Note((Code("rb-7f3k"), " until ", Strong("then"))),
        ),
    )

    await desk.hand.post(DEPLOYS, message)

    body = desk.page.locator("main .message .body")
    for tag, text in {
        ".container h3": "🚨 EMERGENCY ROLLBACK",
        ".words >> nth=0": "for @Manager One with api_v2 (a*b) and the logs",
        ".mention >> nth=0": "@Manager One",
        ".mention >> nth=1": "#deploys",
        "a": "the logs",
        "strong >> text=Issue": "Issue",
        "code >> nth=0": "v42",
        "blockquote": "said & done\nat last",
        ".context code": "rb-7f3k",
        "button.primary": "Approve",
        "button.danger": "Reject…",
        "button[disabled]": "Details",
    }.items():
        await expect(body.locator(tag)).to_have_text(text.replace("\n", " "), use_inner_text=False)
    await expect(body.locator(".words time").first).to_contain_text("Nov 14, 2023")
    await expect(body.locator(".words time").last).to_contain_text("ago")
    await expect(body.locator("hr")).to_have_count(1)
    await expect(body.locator(".unknown")).to_have_count(0)


async def test_what_discord_would_format_is_formatted(desk: Desk) -> None:
    """Markup that nobody took the meaning from has it here, too."""
    await desk.hand.say(
        "# head\n-# small\n> quote\n- item\n1. first\n"
        "**bold** *italic* _slanted_ __under__ ~~old~~ ||hidden|| `` a`b `` \\*plain\\* "
        "@everyone <#500000000000000001> [the logs](https://example.com) https://example.com/x?a=b.\n"
        "```py\nblock\n```"
    )

    body = desk.page.locator("main .message .markdown")
    for tag, words in {
        "h3": "head",
        ".context": "small",
        "blockquote": "quote",
        "ul li": "item",
        "ol li": "first",
        "strong": "bold",
        "em >> nth=0": "italic",
        "em >> nth=1": "slanted",
        "u": "under",
        "s": "old",
        "mark": "hidden",
        "code": "a`b",
        ".mention >> nth=0": "@everyone",
        ".mention >> nth=1": "#deploys",
        "a >> nth=0": "the logs",
        "a >> nth=1": "https://example.com/x?a=b",
        "pre": "block",
    }.items():
        await expect(body.locator(tag)).to_have_text(words)
    await expect(body).to_contain_text("*plain*")


@pytest.mark.parametrize("text", ["<@&1>", "<:wave:1>", "</rollback:1>"])
async def test_what_cannot_be_drawn_is_a_red_box(desk: Desk, text: str) -> None:
    """What messages of ours never hold is named in a red box."""
    await desk.hand.say(f"Look: {text}")

    box = desk.page.locator(".unknown")
    await expect(box).to_have_text(f"⚠ This page cannot show “{text}”.")
    await expect(box).to_have_css("color", "rgb(165, 29, 29)")


async def test_hostile_words_stay_words(desk: Desk) -> None:
    """Whatever people and systems are called, no card of ours calls, links or formats it."""
    message = Message(
        HOSTILE, (Title(HOSTILE), Line((HOSTILE,)), Quote(LINES_OF_ATTACK), Note((HOSTILE,)))
    )

    await desk.hand.post(DEPLOYS, message)

    body = desk.page.locator("main .message .body")
    await expect(body.locator("h3")).to_be_visible()
    shown = " ".join((await body.inner_text()).replace("\u2060", "").split())
    assert shown.count("<script>alert(1)</script>") == 3
    for text in ("[safe](https", "**bold**", "`code`", "||hidden||", "<t:1:R>", "@everyone"):
        assert text in shown
    assert "# head -# small > quote - item 1. first" in shown
    await expect(body.locator("img, script, a, .mention, mark, pre, ul, ol")).to_have_count(0)
    await expect(body.locator(".markdown").locator("time, code, strong")).to_have_count(0)


async def test_what_people_write_holds_no_markup_of_the_page(desk: Desk) -> None:
    """Nobody can smuggle elements or scripts into the page, nor links that run."""
    page = desk.page
    box = page.locator("main .composer input")
    await box.fill("<img src=x onerror=alert(1)> [x](javascript:alert(1)) </script>")
    await box.press("Enter")

    said = page.locator("main .message .markdown")
    await expect(said).to_contain_text("[x](javascript:alert(1)) </script>")
    await expect(said.locator("img, a, script")).to_have_count(0)
