"""Who one is and where one looks survives reloads, links, Back, and the way to the other chat."""

from playwright.async_api import expect

from bot.workspace.discord.seed import GUILD
from bot.workspace.discord.server import running as running_guild
from bot.workspace.slack.server import running as running_workspace
from tests.bot.workspace.page.discord.conftest import DEPLOYS, MANAGER, Desk, card


async def test_a_reload_changes_nothing(desk: Desk) -> None:
    """After a reload one is the same person, in the same thread, and what was read is read."""
    await desk.asker.ask()
    await desk.act_as("Manager One")
    await desk.page.locator(".places").get_by_role("button", name="Twokey").click()
    await desk.page.get_by_role("button", name="# deploys").click()
    await desk.page.get_by_role("button", name="1 reply").click()

    await desk.page.reload()

    await desk.is_acting("M1Manager One")
    await expect(desk.page.locator(".thread")).to_contain_text("0 of 1")
    await expect(desk.page.locator(".person[aria-current=true] .dot")).to_have_count(0)


async def test_own_links_open_inside_the_page(desk: Desk) -> None:
    """A link to a message opens its thread as the person who follows it, also from outside."""
    page = desk.page
    top = await desk.asker.ask()
    thread, reply = desk.asker.cards[0]
    await desk.act_as("Manager Two")
    await page.evaluate("window.isSamePage = true")
    link = f"{desk.url}/channels/{GUILD['id']}/{thread}/{reply}"
    await desk.hand.say(f"[Open it]({link})")

    await page.get_by_role("link", name="Open it").click()

    await expect(page.locator(".thread")).to_contain_text("0 of 1")
    await desk.is_acting("M2Manager Two")
    assert await page.evaluate("window.isSamePage")
    await page.get_by_role("button", name="Close").click()
    assert page.url.endswith(f"#{DEPLOYS}")
    await page.goto(f"{desk.url}/channels/{GUILD['id']}/{DEPLOYS}/{top}")
    await expect(page.locator(".thread")).to_contain_text("0 of 1")


async def test_back_undoes_one_move(desk: Desk) -> None:
    """Back goes from person to person, closes the thread, and stays on the page."""
    page = desk.page
    await desk.asker.ask()
    await page.get_by_role("button", name="1 reply").click()
    await desk.act_as("Manager One")

    await page.go_back()
    await desk.is_acting("RResponder")
    await expect(page.locator(".thread")).to_be_visible()
    await page.go_back()

    await expect(page.locator(".thread")).to_be_hidden()


async def test_the_server_bar_leads_to_direct_messages_and_back(desk: Desk) -> None:
    """On a laptop a bar at the side leads to one's direct messages and to the channels."""
    page, bar = desk.page, desk.page.locator(".servers")
    await desk.asker.ask()
    await desk.act_as("Manager One")

    await bar.get_by_role("button", name="Direct messages").click()
    await expect(page.locator("h1")).to_have_text("Twokey")
    await expect(page.locator("main").get_by_role("button", name="Approve")).to_be_visible()
    await bar.get_by_role("button", name="Channels").click()

    await expect(page.locator("h1")).to_have_text("# deploys")


async def test_the_other_chat_knows_who_one_is(desk: Desk) -> None:
    """A link in the head leads to the same shop in the other chat, as the same person, and back."""
    page = desk.page
    await expect(page.locator(".other a")).to_have_count(0)
    async with (
        running_guild() as guild,
        running_workspace(other={"platform": "discord", "url": guild.url}) as workspace,
    ):
        guild.world.other = {"platform": "slack", "url": workspace.url}
        await page.goto(workspace.url)
        await desk.act_as("Manager Two")

        await page.get_by_role("link", name="Discord").click()
        await desk.is_acting("M2Manager Two")
        await expect(page.locator("html")).to_have_attribute("data-platform", "discord")
        assert page.url == f"{guild.url}/"
        await desk.act_as("Outsider")
        await page.get_by_role("link", name="Slack").click()

        await desk.is_acting("OOutsider")
        await expect(page.locator("html")).to_have_attribute("data-platform", "slack")
        await page.goto("about:blank")


async def test_only_this_machine_can_be_the_other_chat(desk: Desk) -> None:
    """An address elsewhere is no chat beside this one, and no link leads there."""
    async with running_guild(other={"platform": "slack", "url": "https://example.com"}) as guild:
        await desk.page.goto(guild.url)
        await expect(desk.page.locator("h1")).to_have_text("# deploys")

        await expect(desk.page.locator(".other a")).to_have_count(0)
        await desk.page.goto("about:blank")


async def test_targets_are_large_on_a_phone(desk: Desk) -> None:
    """Every button and link of a phone is at least 44 pixels high."""
    page = desk.page
    await page.set_viewport_size({"width": 390, "height": 844})
    await desk.hand.say(f"{desk.url}/ [Open it]({desk.url})")
    await desk.asker.ask()
    await desk.hand.post(await desk.hand.direct(MANAGER), card())

    await expect(page.get_by_role("button", name="1 reply")).to_be_in_viewport(ratio=1)
    assert await desk.small_targets() == []
    room = await page.locator("main").bounding_box()
    await page.get_by_role("button", name="1 reply").click()
    await expect(page.get_by_role("button", name="Close")).to_be_in_viewport(ratio=1)
    assert await desk.small_targets() == []
    assert room
    assert room["y"] < 844 * 0.21
    box = page.locator(".thread .composer input")
    await box.press_sequentially("/")
    for choice in await page.get_by_role("option").all():
        shown = await choice.bounding_box()
        assert shown
        assert shown["height"] >= 44
