"""What people do on the page, and what it tells them."""

import pytest
from playwright.async_api import expect

from bot.workspace.slack.client import Workspace
from tests.bot.workspace.page.slack.conftest import CARD, DEPLOYS, Desk

RESPONDER = "U00RESPONDER"


async def test_a_new_user_gets_through_with_the_page_alone(desk: Desk) -> None:
    """The hint says what to do as whom, and every step of it can be tapped."""
    page = desk.page
    hint = page.locator(".hint")
    await expect(hint).to_contain_text("Two parts are broken. Start with the backend: type")

    await hint.get_by_role("button", name="/rollback backend").click()
    await page.keyboard.press("Enter")
    await expect(page.locator(".private")).to_contain_text("Only visible to you")
    await expect(hint).to_have_text("0 of 1. Now approve as Manager One.")
    await desk.act_as("Manager One")
    await expect(hint).to_contain_text("You are Manager One: press Approve in the thread.")
    await hint.get_by_role("button", name="Open it").click()
    await expect(hint).to_have_text("You are Manager One: press Approve below.")
    await page.locator(".thread").get_by_role("button", name="Approve").click()

    await expect(page.locator(".thread")).to_contain_text("approve by @Manager One")
    await expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    await expect(hint).to_have_text("Backend is being rolled back.")
    await expect(page.locator(".private")).to_have_count(0)


async def test_commands_are_offered_while_one_types(desk: Desk) -> None:
    """After a slash the commands are listed, and arrow keys choose one; nothing else does."""
    box, choices = desk.page.locator("main .composer input"), desk.page.get_by_role("option")
    await box.press_sequentially("/rollback b")
    await expect(choices).to_have_text(["/rollback backend"])
    await box.press("Escape")
    await expect(choices).to_have_count(0)

    await box.press_sequentially("a")
    await box.press("ArrowDown")
    await expect(choices).to_have_attribute("aria-selected", "true")
    await box.press("Enter")

    await expect(box).to_have_value("/rollback backend")
    await expect(choices).to_have_count(0)
    await desk.page.get_by_role("button", name="# general").click()
    await box.fill("hello")
    await expect(choices).to_have_count(0)


async def test_the_shop_strip_follows_the_shop(desk: Desk) -> None:
    """A broken part says so in words, and turns when the shop does."""
    part = desk.page.locator(".part", has_text="backend")
    await expect(part).to_have_text("✕backend broken · 500 · v42")

    desk.shop.broken.remove("backend")

    await expect(part).to_have_text("✓backend healthy · v41")


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
    assert await desk.sticking_out() == []
    for name in ("Responder", "Manager One", "Manager Two", "Outsider"):
        await expect(page.get_by_role("button", name=name)).to_be_in_viewport()


@pytest.mark.parametrize("lines", [1, 40])
async def test_a_thread_opens_at_its_question(desk: Desk, lines: int) -> None:
    """However much was said before and after a question, its first line is what one sees first."""
    page = desk.page
    await page.set_viewport_size({"width": 390, "height": 844})
    notice = await desk.client.chat_postMessage(channel=DEPLOYS, text="notice\n" * 60)
    for reply in ({"text": "x", "blocks": CARD}, {"text": "approved 1 of 2\n" * lines}):
        await desk.client.chat_postMessage(channel=DEPLOYS, thread_ts=notice["ts"], **reply)

    await page.get_by_role("button", name="2 replies").click()

    messages = page.locator(".thread .messages")
    card = messages.locator("li", has_text="Roll back backend?")
    await expect(messages.get_by_text("approved 1 of 2").first).to_be_in_viewport()
    room, shown = await messages.bounding_box(), await card.bounding_box()
    assert room is not None
    assert shown is not None
    assert abs(shown["y"] - room["y"]) < 2


async def test_the_header_has_one_line(desk: Desk) -> None:
    """On a laptop news and long words do not break the row of shop, people and switch."""
    page = desk.page
    people = ("U00MANAGER1", "U00MANAGER2", "U00OUTSIDER")
    for user in people:
        await desk.client.chat_postMessage(channel=user, text="news")
    await expect(page.get_by_label("1 new direct message")).to_have_count(len(people))

    header, switch = page.locator(".top"), page.get_by_role("button", name="Phone view")

    await expect(switch).to_be_in_viewport(ratio=1)
    box = await header.bounding_box()
    assert box is not None
    assert box["height"] < 60


async def test_the_phone_view_is_a_phone_wide(desk: Desk) -> None:
    """On a laptop, a switch shows the page as on a phone."""
    await desk.page.get_by_role("button", name="Phone view").click()

    box = await desk.page.locator(".app").bounding_box()

    assert box is not None
    assert box["width"] == 390
