"""The hint reads the cards of a guild by their words and buttons."""

import pytest
from playwright.async_api import expect

from bot.message import Code, Message, Note, Title
from bot.workspace.discord import seed
from tests.bot.workspace.page.discord.conftest import (
    DEPLOYS,
    GENERAL,
    MANAGER,
    OTHER,
    Desk,
    card,
    notice,
)

ASKED, VOTED = "approve reject details", "withdraw reject details"
GO_ON = "Two parts are broken. Go on with the backend: type /rollback backend"


async def show(desk: Desk, *, request: str = "rb-1", top: str = "", **cards: str) -> str:
    """Post a request as the real bot does, with these buttons, by verb; return its thread."""
    hand = desk.hand
    message = await hand.post(DEPLOYS, notice(request, actions=top, target="frontend"))
    people = {"manager": MANAGER, "other": OTHER}
    votes = f"{sum('withdraw' in each for each in cards.values())} of 2"
    thread = await hand.thread(message) if cards else ""
    for who, actions in cards.items():
        place = await hand.direct(people[who]) if who in people else thread
        if who == "summary":
            title = Title(f"Summary · frontend · production · {request}")
            await hand.post(place, Message("Summary", (title, Note((Code(request),)))))
        else:
            await hand.post(place, card(request, actions=actions, count=votes))
    return message


@pytest.mark.parametrize(
    ("request_now", "hint"),
    [
        ({}, "Frontend: the plan is being made."),
        (
            {"card": ASKED, "manager": ASKED, "other": ASKED},
            "0 of 2. Now approve as Manager One and as Manager Two.",
        ),
        ({"card": ASKED, "manager": ASKED, "other": VOTED}, "1 of 2. Now approve as Manager One."),
        ({"card": "stop details"}, "Approved. It starts in a few seconds. Stop is on the card."),
        ({"card": ""}, "Frontend is being rolled back."),
        (
            {"card": "settle_yes settle_no"},
            "An answer was lost. Say on the card whether it happened. Open it",
        ),
        ({"card": "resolve"}, "It needs a person: press Resolve… on the card. Open it"),
        ({"card": "", "summary": ""}, f"Done. {GO_ON}"),
        ({"top": "again"}, f"Nothing was changed. {GO_ON}"),
    ],
)
async def test_hint_names_the_next_step(desk: Desk, request_now: dict[str, str], hint: str) -> None:
    """Every state of the newest request has its own next step."""
    await show(desk, request="rb-0", card="", summary="")
    await show(desk, **request_now)

    await expect(desk.page.locator(".hint")).to_have_text(hint)


async def test_hint_knows_who_is_asked(desk: Desk) -> None:
    """Whoever has yet to approve is told so, also where they read the card in private."""
    hint = desk.page.locator(".hint")
    await show(desk, card=ASKED, manager=ASKED, other=VOTED)

    await desk.act_as("Manager One")
    await expect(hint).to_contain_text("You are Manager One: press Approve in the thread.")
    await desk.page.locator(".places").get_by_role("button", name="Twokey").click()

    await expect(hint).to_have_text("You are Manager One: press Approve below.")


async def test_an_open_thread_follows_the_next_request(desk: Desk) -> None:
    """Whoever looks at the newest request's thread comes along to the next one."""
    await show(desk, card="", summary="")
    await desk.page.get_by_role("button", name="2 replies").click()

    second = await show(desk, request="rb-2", card=ASKED)

    thread = desk.page.locator(".thread")
    await expect(thread.get_by_role("button", name="Approve")).to_be_visible()
    assert desk.page.url.endswith(f"#{DEPLOYS}/{second}")


async def test_a_request_in_several_channels_is_one(desk: Desk) -> None:
    """The same request shown in another channel moves nobody out of the thread they look at."""
    first = await show(desk, card=ASKED)
    await desk.page.get_by_role("button", name="1 reply").click()

    desk.room.world.channels[GENERAL].bot_can = seed.EVERYBODY_CAN
    await desk.hand.post(GENERAL, notice("rb-1", target="frontend"))
    await expect(desk.page.locator(".place", has_text="general").locator(".dot")).to_be_visible()

    assert desk.page.url.endswith(f"#{DEPLOYS}/{first}")
    await expect(desk.page.locator(".hint")).to_have_text("0 of 2.")
