"""What messages of ours hold is drawn, and nothing else."""

import pytest
from playwright.async_api import expect

from bot.workspace.wire import Json
from tests.bot.workspace.page.slack.conftest import CARD, DEPLOYS, Desk, button, plain


def rich(*leaves: Json, kind: str = "rich_text_section") -> Json:
    return {"type": "rich_text", "elements": [{"type": kind, "elements": [*leaves]}]}


async def test_all_our_blocks_are_drawn(desk: Desk) -> None:
    """Headers, rich text, dates and small print are drawn, without a red box."""
    moment = {"type": "date", "timestamp": 1700000000, "format": "{date_short_pretty} {time}"}
    small = "<!date^1700000000^{date_short_pretty} {time} · {ago}|then>"
    blocks: list[Json] = [
        {"type": "header", "text": plain("🚨 EMERGENCY ROLLBACK")},
        rich(
            {"type": "text", "text": "Issue", "style": {"bold": True}},
            {"type": "text", "text": "v42", "style": {"code": True}},
            {"type": "user", "user_id": "U00MANAGER2"},
            {"type": "channel", "channel_id": DEPLOYS},
            {"type": "link", "url": "http://127.0.0.1/x", "text": "the logs"},
            moment,
        ),
        rich({"type": "text", "text": "quoted & said"}, kind="rich_text_quote"),
        {"type": "context", "elements": [plain("rb-7f3k"), {"type": "mrkdwn", "text": small}]},
        *CARD,
    ]

    await desk.client.chat_postMessage(channel=DEPLOYS, text="x", blocks=blocks)

    body = desk.page.locator("main .message .body")
    for tag, text in {
        "h3 >> nth=0": "🚨 EMERGENCY ROLLBACK",
        ".rich strong": "Issue",
        ".rich code": "v42",
        ".rich .mention >> nth=0": "@Manager Two",
        ".rich .mention >> nth=1": "#deploys",
        ".rich a": "the logs",
        "blockquote": "quoted & said",
        ".context .plain": "rb-7f3k",
        ".actions .primary": "Approve",
    }.items():
        await expect(body.locator(tag)).to_have_text(text)
    for shown in (body.locator(".rich time"), body.locator(".context time")):
        await expect(shown).to_contain_text("Nov 14, 2023")
    await expect(body.locator(".context time")).to_contain_text("ago")
    await expect(body.locator(".unknown")).to_have_count(0)


async def test_markup_within_a_line_is_drawn(desk: Desk) -> None:
    """What Slack would format, mention or link is formatted here, too, or is a red box."""
    text = "*bold* _italic_ `v42` ~old~ <@U00MANAGER2> <http://127.0.0.1/x|the logs> <!channel>"
    text += " <#C00DEPLOYS>"

    await desk.client.chat_postMessage(channel=DEPLOYS, text=text)

    body = desk.page.locator("main .message .mrkdwn")
    for tag, words in {
        "strong": "bold",
        "em": "italic",
        "code": "v42",
        "s": "old",
        ".mention >> nth=0": "@Manager Two",
        ".mention >> nth=1": "#deploys",
        "a": "the logs",
        ".unknown": "⚠ This page cannot show “<!channel>”.",
    }.items():
        await expect(body.locator(tag)).to_have_text(words)


@pytest.mark.parametrize(
    ("block", "name"),
    [
        ({"type": "divider"}, "divider"),
        ({"type": "section", "text": plain("x")}, "section"),
        ({"type": "actions", "elements": [button("a", "x", url="http://127.0.0.1/")]}, "button"),
        (rich({"type": "text", "text": "x"}, kind="rich_text_preformatted"), "rich_text_pre"),
        (rich({"type": "emoji", "name": "x"}), "emoji"),
        (rich({"type": "link", "url": "javascript:alert(1)", "text": "x"}), "javascript:"),
    ],
)
async def test_what_cannot_be_drawn_is_a_red_box(desk: Desk, block: Json, name: str) -> None:
    """A block or element that messages of ours never hold is named in a red box."""
    await desk.client.chat_postMessage(channel=DEPLOYS, text="x", blocks=[block])

    box = desk.page.locator(".unknown")
    await expect(box).to_contain_text(f"cannot show “{name}")
    await expect(box).to_have_css("color", "rgb(165, 29, 29)")


async def test_markup_in_a_message_stays_text(desk: Desk) -> None:
    """Nobody can smuggle elements or scripts into the page."""
    attack = "<img src=x onerror=alert(1)> &lt;script&gt;alert(1)&lt;/script&gt;"

    await desk.client.chat_postMessage(channel=DEPLOYS, text=attack)

    body = desk.page.locator("main .message .mrkdwn")
    await expect(body).to_contain_text("<script>alert(1)</script>")
    await expect(body.locator("img, script")).to_have_count(0)
