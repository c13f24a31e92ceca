"""The page in a real browser, with the real slack-bolt client behind it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import ConsoleMessage, Page, async_playwright, expect
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.async_app import AsyncAck, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.workspace.slack.client import Workspace
from bot.workspace.slack.server import running
from bot.workspace.slack.world import Json

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
DEPLOYS, RESPONDER, MANAGER = "C00DEPLOYS", "U00RESPONDER", "U00MANAGER1"


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def button(action_id: str, label: str, **more: object) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(label), **more}


CONFIRM = {
    "title": plain("Reject?"),
    "text": mrkdwn("Sure?"),
    "confirm": plain("Do"),
    "deny": plain("No"),
}
CARD: list[Json] = [
    {"type": "section", "text": mrkdwn("*Roll back backend?*")},
    {
        "type": "actions",
        "elements": [
            button("approve", "Approve", style="primary"),
            button("reject", "Reject…", style="danger", confirm=CONFIRM),
            button("reason", "Add reason"),
        ],
    },
]
RICH: Json = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_list",
            "style": "bullet",
            "elements": [
                {
                    "type": "rich_text_section",
                    "elements": [
                        {"type": "text", "text": "frozen", "style": {"bold": True}},
                        {"type": "user", "user_id": MANAGER},
                    ],
                }
            ],
        },
        {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "GET /health"}]},
    ],
}
VIEW: Json = {
    "type": "modal",
    "callback_id": "reason",
    "title": plain("Add reason"),
    "submit": plain("Save"),
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": plain("What is broken?"),
            "element": {"type": "plain_text_input", "action_id": "text", "multiline": True},
        }
    ],
}


@dataclass
class Shop:
    """A shop whose backend is broken until a test says otherwise."""

    status: int = 500
    version: str = "v42"

    async def answer(self, _: web.Request) -> web.Response:
        """What a health check reads."""
        return web.json_response({"version": self.version}, status=self.status)


@dataclass(frozen=True)
class Desk:
    """A browser on the page, the app's client, and the shop."""

    page: Page
    client: AsyncWebClient
    shop: Shop
    url: str
    complaints: list[str] = field(default_factory=list[str])

    async def act_as(self, name: str) -> None:
        """Switch to another person."""
        await self.page.get_by_role("button", name=name).click()


def app(client: AsyncWebClient) -> AsyncApp:
    """An app that asks a manager, and closes the card on a yes."""
    bolt = AsyncApp(client=client)

    @bolt.command("/rollback")
    async def rollback(ack: AsyncAck, respond: AsyncRespond) -> None:
        await ack()
        notice = await client.chat_postMessage(channel=DEPLOYS, text="Backend rollback asked")
        await client.chat_postMessage(
            channel=DEPLOYS, text="card", blocks=CARD, thread_ts=notice["ts"]
        )
        await client.chat_postMessage(channel=MANAGER, text="card", blocks=CARD)
        await respond("Asked Manager One.")

    @bolt.action("approve")
    @bolt.action("reject")
    async def decide(ack: AsyncAck, body: Json) -> None:
        await ack()
        await client.chat_update(
            channel=body["channel"]["id"],
            ts=body["message"]["ts"],
            text=f"{body['actions'][0]['action_id']} by <@{body['user']['id']}>",
        )

    @bolt.action("reason")
    async def reason(ack: AsyncAck, body: Json) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=VIEW)

    @bolt.view("reason")
    async def save(ack: AsyncAck, view: Json) -> None:
        if view["state"]["values"]["why"]["text"]["value"] == "no":
            await ack(response_action="errors", errors={"why": "Please say more."})
        else:
            await ack()

    return bolt


@pytest.fixture
def chromium() -> Path:
    """Debian's Chromium, or a loud skip."""
    if not CHROMIUM.exists():
        pytest.skip(
            "Chromium is missing, so nobody looked at the page: `make browser` installs it."
        )
    return CHROMIUM


@pytest.fixture
async def desk(chromium: Path) -> AsyncIterator[Desk]:
    """A page in Chromium, with an app and a broken shop; the page may not complain of anything."""
    shop = Shop()
    site = web.Application()
    site.router.add_get("/", shop.answer)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    parts = {"backend": f"http://127.0.0.1:{runner.addresses[0][1]}/"}
    async with running(shop=parts) as room, async_playwright() as playwright:
        client = AsyncWebClient(token=room.bot_token, base_url=room.api_url)
        handler = AsyncSocketModeHandler(app(client), room.app_token)
        await handler.connect_async()  # type: ignore[no-untyped-call]
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        desk = Desk(page, client, shop, room.url)
        page.on("pageerror", lambda error: desk.complaints.append(str(error)))
        page.on("console", lambda said: _note(desk, said))
        await page.goto(room.url)
        yield desk
        await browser.close()
        await handler.close_async()  # type: ignore[no-untyped-call]
        assert desk.complaints == []
    await runner.cleanup()


def _note(desk: Desk, said: ConsoleMessage) -> None:
    if said.type in ("error", "warning"):
        desk.complaints.append(said.text)


async def test_a_new_user_gets_through_with_the_page_alone(desk: Desk) -> None:
    """The hint says what to type, a dot shows who was asked, and one tap approves."""
    page = desk.page
    hint = page.locator(".hint")
    await expect(hint).to_contain_text("As Responder, type “/rollback backend”")

    await page.locator("main .composer input").fill("/rollback backend")
    await page.keyboard.press("Enter")
    await expect(page.locator(".private")).to_contain_text("Only visible to you")
    await expect(hint).to_contain_text("Manager One has a direct message")
    await desk.act_as("Manager One")
    await page.get_by_role("button", name="Approve").click()

    await expect(page.locator("main .message")).to_contain_text("approve by @Manager One")
    await expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    await page.get_by_role("button", name="# deploys").click()
    await expect(page.locator("main .message").first).to_contain_text("Backend rollback asked")
    await expect(page.locator(".private")).to_have_count(0)


async def test_the_shop_strip_follows_the_shop(desk: Desk) -> None:
    """A broken part says so in words, and turns when the shop does."""
    part = desk.page.locator(".part")
    await expect(part).to_have_text("✕backend broken · 500 · v42")

    desk.shop.status, desk.shop.version = 200, "v41"

    await expect(part).to_have_text("✓backend healthy · v41")


async def test_all_our_blocks_are_drawn(desk: Desk) -> None:
    """Headers, fields, markup, dates and rich text are drawn, without a red box."""
    blocks: list[Json] = [
        {"type": "header", "text": plain("🚨 EMERGENCY ROLLBACK")},
        {
            "type": "section",
            "text": mrkdwn(
                "*bold* _italic_ `v42` ~old~ <@U00MANAGER2> <http://127.0.0.1/x|the logs> :key:\n"
                "&gt; quoted &amp; said\n```kept *as* is```"
            ),
            "fields": [mrkdwn("*Started*\n<!date^1700000000^{date_short} {time}|then>")],
            "accessory": button("approve", "Look"),
        },
        {"type": "context", "elements": [plain("rb-7f3k")]},
        {"type": "divider"},
        RICH,
    ]

    await desk.client.chat_postMessage(channel=DEPLOYS, text="x", blocks=blocks)

    body = desk.page.locator("main .message .body")
    await expect(body.locator("h3")).to_have_text("🚨 EMERGENCY ROLLBACK")
    for tag, text in {
        ".section strong >> nth=0": "bold",
        "em": "italic",
        ".section code": "v42",
        "s": "old",
        ".section .mention": "@Manager Two",
        ".section a": "the logs",
        "blockquote": "quoted & said",
        ".section pre": "kept *as* is",
        ".rich li": "frozen@Manager One",
        ".rich li strong": "frozen",
        ".rich pre": "GET /health",
    }.items():
        await expect(body.locator(tag)).to_have_text(text)
    await expect(body.locator(".field")).to_contain_text("Nov 14, 2023")
    await expect(body.locator(".mrkdwn").first).to_contain_text("🔑")
    await expect(body.locator(".unknown")).to_have_count(0)


async def test_what_cannot_be_drawn_is_a_red_box(desk: Desk) -> None:
    """A block that the page does not know is named in a red box."""
    video = {"type": "video", "title": plain("x"), "alt_text": "x"}
    addresses = {"video_url": "https://127.0.0.1/", "thumbnail_url": "https://127.0.0.1/"}

    await desk.client.chat_postMessage(channel=DEPLOYS, text="x", blocks=[video | addresses])

    box = desk.page.locator(".unknown")
    await expect(box).to_contain_text("cannot show “video”")
    await expect(box).to_have_css("color", "rgb(165, 29, 29)")


async def test_markup_in_a_message_stays_text(desk: Desk) -> None:
    """Nobody can smuggle elements or scripts into the page."""
    attack = "<img src=x onerror=alert(1)> &lt;script&gt;alert(1)&lt;/script&gt;"

    await desk.client.chat_postMessage(channel=DEPLOYS, text=attack)

    body = desk.page.locator("main .message .mrkdwn")
    await expect(body).to_contain_text("<script>alert(1)</script>")
    await expect(body.locator("img, script")).to_have_count(0)


async def test_a_dangerous_button_asks_first(desk: Desk) -> None:
    """A button with a confirmation does nothing until the person says so."""
    page = desk.page
    await desk.client.chat_postMessage(channel=DEPLOYS, text="x", blocks=CARD)

    await page.get_by_role("button", name="Reject…").click()
    await page.get_by_role("button", name="No").click()
    await expect(page.get_by_role("button", name="Reject…")).to_be_visible()
    await page.get_by_role("button", name="Reject…").click()
    await page.get_by_role("button", name="Do").click()

    await expect(page.locator("main .message")).to_contain_text("reject by @Responder")


async def test_a_dialog_shows_errors_and_closes(desk: Desk) -> None:
    """A dialog has labels, shows the app's error at its input, and closes when it is accepted."""
    page = desk.page
    await desk.client.chat_postMessage(channel=DEPLOYS, text="x", blocks=CARD)
    await page.get_by_role("button", name="Add reason").click()
    dialog = page.get_by_role("dialog", name="Add reason")

    await dialog.get_by_label("What is broken?").fill("no")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_contain_text("Please say more.")
    await dialog.get_by_label("What is broken?").fill("The API answers 500.")
    await dialog.get_by_role("button", name="Save").click()

    await expect(dialog).to_have_count(0)


@pytest.mark.parametrize("width", [390, 1280])
async def test_the_page_fits(desk: Desk, width: int) -> None:
    """Nothing sticks out at a phone's or a laptop's width, a thread included."""
    page = desk.page
    await page.set_viewport_size({"width": width, "height": 844})
    async with Workspace(desk.url) as people:
        await people.command(RESPONDER, DEPLOYS, "/rollback backend")

    await page.get_by_role("button", name="1 reply").click()

    await expect(page.locator(".thread").get_by_role("button", name="Approve")).to_be_in_viewport()
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    for name in ("Responder", "Manager One", "Manager Two", "Outsider"):
        await expect(page.get_by_role("button", name=name)).to_be_in_viewport()


async def test_the_phone_view_is_a_phone_wide(desk: Desk) -> None:
    """On a laptop, a switch shows the page as on a phone."""
    await desk.page.get_by_role("button", name="Phone view").click()

    box = await desk.page.locator(".app").bounding_box()

    assert box is not None
    assert box["width"] == 390
