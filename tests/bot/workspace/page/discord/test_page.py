"""What people do on the page of a guild, and what it tells them."""

import pytest
from playwright.async_api import expect

from tests.bot.workspace.page.discord.conftest import DEPLOYS, GENERAL, Desk, card, notice

MANAGER_IS_ASKED = "0 of 1. Now approve as Manager One."


async def test_a_new_user_gets_through_with_the_page_alone(desk: Desk) -> None:
    """The hint says what to do as whom, and every step of it can be tapped."""
    page, hint = desk.page, desk.page.locator(".hint")
    await expect(hint).to_contain_text("Two parts are broken. Start with the backend: type")

    await hint.get_by_role("button", name="/rollback backend").click()
    await page.keyboard.press("Enter")
    await expect(page.locator(".private")).to_contain_text("Only you can see this")
    await expect(page.locator(".private")).to_contain_text("Asked: backend")
    await expect(hint).to_have_text(MANAGER_IS_ASKED)
    await desk.act_as("Manager One")
    await expect(hint).to_contain_text("You are Manager One: press Approve in the thread.")
    await hint.get_by_role("button", name="Open it").click()
    await expect(hint).to_have_text("You are Manager One: press Approve below.")
    await page.locator(".thread").get_by_role("button", name="Approve").click()

    thread = page.locator(".thread")
    await expect(
        thread.locator(".private", has_text="Your approve is recorded")
    ).to_be_in_viewport()
    await expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    await desk.act_as("Responder")
    await expect(thread.locator(".private")).to_have_count(0)


async def test_a_command_is_filled_in_option_by_option(desk: Desk) -> None:
    """By keyboard alone: the command, what the app suggests for an option, and one more option."""
    page = desk.page
    box, choices = page.locator("main .composer input"), page.get_by_role("option")
    await expect(box).to_have_attribute("role", "combobox")

    await box.press_sequentially("/ro")
    await expect(choices).to_have_text(["/rollbackask for a rollback"])
    await box.press("ArrowDown")
    await expect(box).to_have_attribute("aria-activedescendant", "choices-1-0")
    await box.press("Enter")
    await expect(box).to_have_value("/rollback ")
    await expect(page.locator("main .about")).to_have_text("target: what to roll back")
    await expect(choices).to_have_text(["backend", "frontend"])
    await box.press("ArrowUp")
    await box.press("Tab")
    await expect(box).to_have_value("/rollback target:frontend ")
    await expect(choices).to_have_text(["to:the version", "reason:what is wrong"])
    await choices.last.click()
    await box.press_sequentially("API answers 500")
    await box.press("Enter")

    told = page.locator(".private")
    await expect(told).to_contain_text("Asked: frontend, , API answers 500")
    await expect(choices).to_have_count(0)


async def test_a_command_may_be_typed_in_plain_words(desk: Desk) -> None:
    """The same line as on Slack works, and the list of choices stays out of its way."""
    box = desk.page.locator("main .composer input")
    await box.press_sequentially("/rollback backend to v41 API answers 500")
    await expect(desk.page.get_by_role("option")).to_have_count(0)

    await box.press("Enter")

    told = desk.page.locator(".private")
    await expect(told).to_contain_text("Asked: backend, v41, API answers 500")


async def test_an_unfinished_command_stays_in_the_box(desk: Desk) -> None:
    """A command without what it needs is not sent; the page says what is missing."""
    box = desk.page.locator("main .composer input")
    await box.fill("/rollback reason:x")
    await box.press("Escape")
    await box.press("Enter")

    await expect(desk.page.locator(".toast")).to_have_text(
        "/rollback needs target: what to roll back."
    )
    await expect(box).to_have_value("/rollback reason:x")


async def test_silence_of_the_app_is_told(desk: Desk) -> None:
    """A press that the app does not answer says so, once, to whoever pressed."""
    page = desk.page
    await desk.hand.post(DEPLOYS, card(actions="silence"))

    await page.get_by_role("button", name="Silence").click()

    await expect(page.locator(".private")).to_contain_text("The application did not respond")
    await expect(page.locator(".toast")).to_be_empty()


async def test_a_dialog_shows_errors_and_closes(desk: Desk) -> None:
    """A dialog has labels, shows what is wrong at its input, and closes when it is accepted."""
    page = desk.page
    await desk.hand.post(DEPLOYS, card())
    await page.get_by_role("button", name="Reason").click()
    dialog = page.get_by_role("dialog", name="Add reason")
    box = dialog.get_by_label("What is broken?")
    await box.fill("no")
    await dialog.get_by_role("button", name="Submit").click()
    await expect(dialog).to_contain_text("At least 5 characters.")
    await box.fill("The API answers 500.")
    await dialog.get_by_role("button", name="Submit").click()

    await expect(dialog).to_have_count(0)
    await expect(page.locator(".private")).to_contain_text("Saved: The API answers 500.")


@pytest.mark.parametrize("width", [390, 1280])
async def test_the_page_fits(desk: Desk, width: int) -> None:
    """Nothing sticks out at a phone's or a laptop's width, a thread included."""
    page = desk.page
    await page.set_viewport_size({"width": width, "height": 844})
    await desk.asker.ask()
    await desk.hand.say("one_word_" * 40)
    await expect(page.locator("main .message")).to_have_count(2)
    assert await desk.sticking_out() == []

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
    top = await desk.hand.post(DEPLOYS, notice(actions="reason"))
    thread = await desk.hand.thread(top)
    await desk.hand.say("before\n" * 60, channel=thread)
    await desk.hand.post(thread, card())
    await desk.hand.say("approved 1 of 2\n" * lines, channel=thread)

    await page.get_by_role("button", name="3 replies").click()

    messages = page.locator(".thread .messages")
    question = messages.locator("li", has_text="Roll back backend in production?")
    await expect(messages.get_by_text("approved 1 of 2").first).to_be_in_viewport()
    room, shown = await messages.bounding_box(), await question.bounding_box()
    assert room is not None
    assert shown is not None
    assert abs(shown["y"] - room["y"]) < 2


async def test_what_is_taken_away_goes(desk: Desk) -> None:
    """A message that the app deletes is not seen any more, wherever it stood."""
    top = await desk.hand.post(DEPLOYS, notice())
    thread = await desk.hand.thread(top)
    reply = await desk.hand.say("wrong", channel=thread)
    page = desk.page
    await page.get_by_role("button", name="1 reply").click()
    await expect(page.locator(".thread")).to_contain_text("wrong")

    await desk.hand.api.delete(f"channels/{thread}/messages/{reply}")

    await expect(page.locator(".thread")).not_to_contain_text("wrong")
    await expect(page.get_by_role("button", name="0 replies")).to_be_visible()


async def test_a_reply_is_written_into_the_thread(desk: Desk) -> None:
    """What is written beside a thread stands in it, and commands work there, too."""
    page = desk.page
    top = await desk.hand.post(DEPLOYS, notice())
    await desk.hand.thread(top)
    await page.get_by_role("button", name="0 replies").click()
    box = page.locator(".thread .composer input")

    await box.fill("on my way")
    await box.press("Enter")
    await expect(page.locator(".thread .message")).to_contain_text(["rb-7f3k", "on my way"])
    await box.fill("/rollback frontend")
    await box.press("Enter")

    await expect(page.locator(".thread .private")).to_contain_text("Asked: frontend")


async def test_a_channel_without_the_app_says_so(desk: Desk) -> None:
    """Where the app is shut out people still talk, and the page says why nothing else happens."""
    page = desk.page
    await page.get_by_role("button", name="# general").click()
    box = page.locator("main .composer input")
    await box.fill("hello")
    await box.press("Enter")

    await expect(page.locator("main .message")).to_contain_text("hello")
    assert page.url.endswith(f"#{GENERAL}")
