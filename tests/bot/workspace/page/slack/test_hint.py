"""The hint follows the newest request and who one is acting as."""

import pytest
from playwright.async_api import expect

from bot.workspace.wire import Json
from tests.bot.workspace.page.slack.conftest import DEPLOYS, MANAGER, Desk, button, key

OTHER = "U00MANAGER2"


async def show(desk: Desk, *, request: str = "rb-1", notice: str = "", **cards: str) -> str:
    """Post a request as the real bot does, with these buttons, by action; return its thread."""

    def message(kind: str, actions: str) -> Json:
        buttons = [button(action, action) for action in actions.split()]
        blocks = [{"type": "actions", "elements": buttons}] if buttons else None
        return {"metadata": key(kind, request=request), "blocks": blocks}

    post = desk.client.chat_postMessage
    top = await post(channel=DEPLOYS, text="frontend: asked", **message("notice", notice))
    for who, actions in cards.items():
        kind = who if who in {"card", "summary"} else "ask"
        place = who.upper() if kind == "ask" else DEPLOYS
        thread = top["ts"] if kind != "ask" else None
        text = f"Approve? {sum('withdraw' in each for each in cards.values())} of 2."
        await post(channel=place, text=text, thread_ts=thread, **message(kind, actions))
    return str(top["ts"])


GO_ON = "Two parts are broken. Go on with the backend: type /rollback backend"
ASKED, VOTED = "approve reject details", "withdraw reject details"


@pytest.mark.parametrize(
    ("request_now", "hint"),
    [
        ({}, "Frontend: the plan is being made."),
        (
            {"card": ASKED, MANAGER: ASKED, OTHER: ASKED},
            "0 of 2. Now approve as Manager One and as Manager Two.",
        ),
        ({"card": ASKED, MANAGER: ASKED, OTHER: VOTED}, "1 of 2. Now approve as Manager One."),
        (
            {"card": "stop details"},
            "Approved. It starts in a few seconds. Stop is on the card.",
        ),
        ({"card": ""}, "Frontend is being rolled back."),
        (
            {"card": "settle_yes settle_no"},
            "An answer was lost. Say on the card whether it happened. Open it",
        ),
        ({"card": "resolve"}, "It needs a person: press Resolve… on the card. Open it"),
        (
            {"card": "", "summary": ""},
            f"Done. {GO_ON}",
        ),
        (
            {"notice": "again"},
            f"Nothing was changed. {GO_ON}",
        ),
    ],
)
async def test_hint_names_the_next_step(desk: Desk, request_now: dict[str, str], hint: str) -> None:
    """Every state of the newest request has its own next step."""
    await show(desk, request="rb-0", card="", summary="")
    await show(desk, **request_now)

    await expect(desk.page.locator(".hint")).to_have_text(hint)


async def test_hint_knows_who_is_asked(desk: Desk) -> None:
    """Whoever has yet to approve is told so; after the approval the other one is named."""
    hint = desk.page.locator(".hint")
    await show(desk, card=ASKED, **{MANAGER: ASKED, OTHER: VOTED})
    await desk.act_as("Manager One")
    await expect(hint).to_contain_text("You are Manager One: press Approve in the thread.")

    await desk.page.get_by_role("button", name="Twokey").click()
    await expect(hint).to_have_text("You are Manager One: press Approve below.")
    await desk.act_as("Manager Two")

    await expect(hint).to_have_text("1 of 2. Now approve as Manager One.")


async def test_hint_follows_the_shop(desk: Desk) -> None:
    """When nothing is asked, what is still broken comes next, and at last the summary."""
    hint = desk.page.locator(".hint")
    await show(desk, card="", summary="")

    desk.shop.broken.remove("backend")
    await expect(hint).to_have_text("Done. The frontend is broken: type /rollback frontend")
    desk.shop.broken.clear()

    await expect(hint).to_have_text("Done. Read the summary in the thread, or try /rollback help")


async def test_hint_knows_the_missing_slash(desk: Desk) -> None:
    """A command without its slash is offered again with it."""
    page = desk.page
    box = page.locator("main .composer input")
    await box.fill("rollback frontend")
    await box.press("Enter")

    await page.locator(".hint").get_by_role("button", name="/rollback frontend").click()

    await expect(box).to_have_value("/rollback frontend")
    await expect(page.locator(".hint")).to_contain_text("Start with /:")


async def test_an_open_thread_follows_the_next_request(desk: Desk) -> None:
    """Whoever looks at the newest request's thread comes along to the next one."""
    first = await show(desk, card="", summary="")
    await desk.page.get_by_role("button", name="2 replies").click()

    second = await show(desk, request="rb-2", card=ASKED)

    assert first != second
    thread = desk.page.locator(".thread")
    await expect(thread.get_by_role("button", name="approve")).to_be_visible()
    assert desk.page.url.endswith(f"#{DEPLOYS}/{second}")
