"""Who one is and where one looks survives reloads, links, Back and the end of the demo."""

import pytest
from playwright.async_api import expect

from bot.workspace.slack.client import Workspace
from bot.workspace.slack.server import running
from tests.bot.workspace.page.slack.conftest import CARD, DEPLOYS, MANAGER, Desk

RESPONDER = "U00RESPONDER"


async def ask(desk: Desk) -> None:
    """Let the app post a request with its thread."""
    async with Workspace(desk.url) as people:
        await people.command(RESPONDER, DEPLOYS, "/rollback backend")


async def test_a_reload_changes_nothing(desk: Desk) -> None:
    """After a reload one is the same person, in the same thread, and what was read is read."""
    await ask(desk)
    await desk.act_as("Manager One")
    await desk.page.get_by_role("button", name="Twokey").click()
    await desk.page.get_by_role("button", name="# deploys").click()
    await desk.page.get_by_role("button", name="1 reply").click()

    await desk.page.reload()

    await desk.is_acting("M1Manager One")
    await expect(desk.page.locator(".thread")).to_contain_text("Roll back backend?")
    await expect(desk.page.locator(".person[aria-current=true] .dot")).to_have_count(0)


async def test_own_links_open_inside_the_page(desk: Desk) -> None:
    """A link to a message of the workspace opens its thread as the person who follows it."""
    page = desk.page
    await ask(desk)
    await desk.act_as("Manager Two")
    await page.evaluate("window.isSamePage = true")
    found = await desk.client.conversations_history(channel=DEPLOYS)
    link = await desk.client.chat_getPermalink(
        channel=DEPLOYS, message_ts=found["messages"][0]["ts"]
    )
    await desk.client.chat_postMessage(channel=DEPLOYS, text=f"<{link['permalink']}|Open it>")

    await page.get_by_role("link", name="Open it").click()

    await expect(page.locator(".thread")).to_be_visible()
    await desk.is_acting("M2Manager Two")
    assert await page.evaluate("window.isSamePage")
    await page.get_by_role("button", name="Close").click()
    assert page.url.endswith(f"#{DEPLOYS}")


async def test_back_undoes_one_move(desk: Desk) -> None:
    """Back goes from person to person, closes the thread, and stays on the page."""
    page = desk.page
    await ask(desk)
    await page.get_by_role("button", name="1 reply").click()
    await desk.act_as("Manager One")

    await page.go_back()
    await desk.is_acting("RResponder")
    await expect(page.locator(".thread")).to_be_visible()
    await page.go_back()

    await expect(page.locator(".thread")).to_be_hidden()
    await page.go_forward()
    await expect(page.locator(".thread")).to_be_visible()


async def test_switching_people_stays_in_the_place(desk: Desk) -> None:
    """Another person looks at the same thread; the direct message only has its dot."""
    page = desk.page
    await ask(desk)
    await page.get_by_role("button", name="1 reply").click()

    await desk.act_as("Manager One")

    await expect(page.locator("h1")).to_have_text("# deploys")
    await expect(page.locator(".thread").get_by_role("button", name="Approve")).to_be_visible()
    await expect(page.locator(".place.direct .dot")).to_be_visible()
    await page.get_by_role("button", name="Twokey").click()
    await desk.act_as("Outsider")
    await expect(page.locator("h1")).to_have_text("# deploys")


async def test_text_survives_the_end_of_the_demo(desk: Desk) -> None:
    """When the demo is gone, the page says so, shows no health, and keeps what was typed."""
    page = desk.page
    async with running(shop={"backend": "http://127.0.0.1:9/"}) as room:
        await page.goto(room.url)
        await expect(page.locator(".part")).to_contain_text("broken")

    box = page.locator("main .composer input")
    await box.fill("/rollback backend")
    await box.press("Enter")

    await expect(page.locator(".hint")).to_have_text(
        "The demo is not running. Start it again with make demo. Your text was not sent."
    )
    await expect(box).to_have_value("/rollback backend")
    await expect(page.locator(".part")).to_have_text("?backend not known")
    kept = [text for text in desk.complaints if "Failed to load resource" not in text]
    desk.complaints[:] = [text for text in kept if "ERR_" not in text]


@pytest.mark.parametrize("lines", [1, 60])
async def test_a_private_answer_comes_into_view(desk: Desk, lines: int) -> None:
    """Wherever one has scrolled to, what was just asked for is seen from its first line."""
    page = desk.page
    await desk.client.chat_postMessage(channel=DEPLOYS, text="long\n" * 200)
    messages = page.locator("main .messages")
    await expect(messages).to_contain_text("long")
    await messages.evaluate("list => { list.scrollTop = 0; }")
    await page.evaluate("new Promise(requestAnimationFrame)")

    await desk.client.chat_postEphemeral(
        channel=DEPLOYS, user=RESPONDER, text="Answer\n" + "more\n" * lines
    )
    await desk.client.chat_postMessage(channel=DEPLOYS, text="and what came of it")

    await expect(page.locator(".private .head")).to_be_in_viewport(ratio=1)


async def test_targets_are_large_on_a_phone(desk: Desk) -> None:
    """Every button and link of a phone is at least 44 pixels high."""
    page = desk.page
    await page.set_viewport_size({"width": 390, "height": 844})
    await desk.client.chat_postMessage(channel=DEPLOYS, text=f"{desk.url}/ <{desk.url}|Open it>")
    await ask(desk)
    await desk.client.chat_postMessage(channel=MANAGER, text="x", blocks=CARD)

    await expect(page.get_by_role("button", name="1 reply")).to_be_in_viewport(ratio=1)
    assert await desk.small_targets() == []
    header = await page.locator("main").bounding_box()
    await page.get_by_role("button", name="1 reply").click()
    await expect(page.get_by_role("button", name="Close")).to_be_in_viewport(ratio=1)
    assert await desk.small_targets() == []
    assert header
    assert header["y"] < 844 * 0.2
