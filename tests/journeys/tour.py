"""A rollback as people see it: one at a desk, two managers at a phone, all in a real browser.

The test of the journey plays it, and so does ``make docs``, which keeps the pictures.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Locator, Page, ViewportSize, async_playwright, expect

CHROMIUM: Final = Path("/usr/bin/chromium")
PHONE: Final = ViewportSize(width=390, height=844)
DESK: Final = ViewportSize(width=1280, height=860)
PATIENCE: Final = 60_000  # of a person, in milliseconds
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)

Shoot = Callable[[str, Page | Locator], Awaitable[None]]  # takes a picture, by its name


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run a headless browser that can reach this machine only."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS])
        yield browser
        await browser.close()


async def tour(browser: Browser, url: str, shoot: Shoot) -> None:
    """Play it on the demo's page, see everything that people have to see, and take the pictures."""
    desk = await browser.new_page(viewport=DESK)
    phone = await browser.new_page(viewport=PHONE, device_scale_factor=2)
    await _ask(desk, url, shoot)
    await phone.goto(url)
    await _approve(phone, "Manager One", shoot)
    await _shoot_notice(desk, shoot)
    await _be_refused(desk, shoot)
    await _approve(phone, "Manager Two", shoot)
    await _see_it_healthy(desk, phone, shoot)


async def _ask(desk: Page, url: str, shoot: Shoot) -> None:
    await desk.goto(url)
    await _act_as(desk, "Responder")
    await expect(_backend(desk)).to_contain_text("broken")
    await shoot("broken-shop", desk)
    await desk.locator("main .composer input").fill("/rollback backend API answers 500")
    await desk.locator("main .composer button").click()


async def _approve(phone: Page, manager: str, shoot: Shoot) -> None:
    await _act_as(phone, manager)
    await _open_thread(phone)
    approve = phone.get_by_role("button", name="Approve", exact=True)
    await approve.wait_for(timeout=PATIENCE)
    if manager == "Manager One":
        await shoot("approval-phone", phone)
    await approve.click()
    answer = phone.locator(".thread .private", has_text="Your approval is recorded")
    await expect(answer).to_be_in_viewport(timeout=PATIENCE)
    await expect(phone.locator(".thread .messages")).to_contain_text(
        f"approved by {manager}", timeout=PATIENCE
    )


async def _be_refused(desk: Page, shoot: Shoot) -> None:
    await _open_thread(desk)
    await desk.get_by_role("button", name="Approve", exact=True).click()
    await expect(desk.get_by_text("You asked for this rollback").first).to_be_visible()
    await shoot("refusal", desk)


async def _see_it_healthy(desk: Page, phone: Page, shoot: Shoot) -> None:
    for page in (desk, phone):
        await page.get_by_text("ROLLED BACK").first.wait_for(timeout=PATIENCE)
        await page.get_by_text("Summary · backend").first.wait_for(timeout=PATIENCE)
        await expect(_backend(page)).to_contain_text("healthy", timeout=PATIENCE)
        await expect(page.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
        await expect(page.locator(".unknown")).to_have_count(0)
    await shoot("rolled-back", desk)
    await phone.get_by_role("button", name="Close").click()
    await shoot("rolled-back-phone", phone)


async def _shoot_notice(desk: Page, shoot: Shoot) -> None:
    """Photograph the emergency notice alone, hardly wider than its lines."""
    await desk.set_viewport_size({"width": 560, "height": 860})
    await desk.get_by_text("Awaiting approval 1/2").first.wait_for(timeout=PATIENCE)
    await shoot("notice", desk.locator("main .messages > li", has_text="EMERGENCY").first)
    await desk.set_viewport_size(DESK)


def _backend(page: Page) -> Locator:
    return page.locator(".part", has_text="backend")


async def _act_as(page: Page, name: str) -> None:
    await page.locator(".people").get_by_role("button", name=re.compile(name)).click()


async def _open_thread(page: Page) -> None:
    if await page.locator(".thread").is_visible():
        return
    await page.locator(".places").get_by_role("button", name="deploys").click()
    replies = page.locator("main .messages").get_by_role("button", name=re.compile("repl"))
    await replies.first.click(timeout=PATIENCE)
