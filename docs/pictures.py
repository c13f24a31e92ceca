"""Draw the pictures of the documentation: ``make docs`` plays the demo in Chromium and looks.

Every picture is of the real page with the real bot behind it; nothing is drawn by hand.
"""

import asyncio
import re
import sys
from pathlib import Path
from typing import Final

from playwright.async_api import FloatRect, Page, ViewportSize, async_playwright

PICTURES: Final = Path(__file__).parent / "pictures"
CHROMIUM: Final = Path("/usr/bin/chromium")
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
PHONE: Final = ViewportSize(width=390, height=844)
DESK: Final = ViewportSize(width=1280, height=860)


async def main() -> None:
    """Play a rollback as three people and photograph what they see."""
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", "--no-browser", stdout=asyncio.subprocess.PIPE
    )
    try:
        url = await _address(demo)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
            desk = await browser.new_page(viewport=DESK)
            phone = await browser.new_page(viewport=PHONE, device_scale_factor=2)
            await _play(desk, phone, url)
            await browser.close()
    finally:
        demo.terminate()
        await demo.wait()


async def _address(demo: asyncio.subprocess.Process) -> str:
    if demo.stdout is None:
        raise RuntimeError("the demo says nothing")
    async with asyncio.timeout(60):
        async for line in demo.stdout:
            if found := re.search(rb"http://\S+:\d+", line):
                return found[0].decode()
    raise RuntimeError("the demo ended without saying where it is")


async def _play(desk: Page, phone: Page, url: str) -> None:
    await desk.goto(url)
    await _act_as(desk, "Responder")
    await _shoot(desk, "broken-shop")
    await desk.locator("main .composer input").fill("/rollback backend API answers 500")
    await desk.locator("main .composer button").click()
    await phone.goto(url)
    await _act_as(phone, "Manager One")
    await _open_thread(phone)
    await phone.get_by_role("button", name="Approve", exact=True).wait_for()
    await _shoot(phone, "approval-phone")
    await phone.get_by_role("button", name="Approve", exact=True).click()
    await _shoot_notice(desk)
    await _open_thread(desk)
    await desk.get_by_role("button", name="Approve", exact=True).click()
    await desk.get_by_text("You asked for this rollback").first.wait_for()
    await _shoot(desk, "refusal")
    await _act_as(phone, "Manager Two")
    await phone.get_by_role("button", name="Approve", exact=True).click()
    await desk.get_by_text("ROLLED BACK").first.wait_for(timeout=60_000)
    await desk.get_by_text("Summary · backend").first.wait_for(timeout=60_000)
    await _shoot(desk, "rolled-back")
    await _shoot(phone, "rolled-back-phone")


async def _shoot_notice(page: Page) -> None:
    """Photograph the emergency notice alone, hardly wider than its lines."""
    await page.set_viewport_size({"width": 560, "height": 860})
    await page.get_by_text("Awaiting approval 1/2").first.wait_for()
    notice = page.locator("main .messages > li", has_text="EMERGENCY").first
    box = await notice.bounding_box()
    if box is None:
        raise RuntimeError("the notice is not to be seen")
    clip = FloatRect(x=box["x"], y=box["y"], width=box["width"], height=box["height"])
    await page.screenshot(path=PICTURES / "notice.png", clip=clip)
    await page.set_viewport_size(DESK)


async def _act_as(page: Page, name: str) -> None:
    await page.locator(".people").get_by_role("button", name=re.compile(name)).click()


async def _open_thread(page: Page) -> None:
    await page.locator(".places").get_by_role("button", name="deploys").click()
    replies = page.locator("main .messages").get_by_role("button", name=re.compile("repl"))
    await replies.first.click()


async def _shoot(page: Page, name: str) -> None:
    await page.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    asyncio.run(main())
