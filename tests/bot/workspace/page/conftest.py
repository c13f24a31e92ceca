"""The page in a real browser, with a small shop behind it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import ConsoleMessage, Page, async_playwright, expect

from tests.journeys.tour import CHROMIUM, FLAGS


@dataclass
class Shop:
    """A shop with two parts, both broken until a test says otherwise."""

    broken: set[str] = field(default_factory=lambda: {"frontend", "backend"})
    parts: dict[str, str] = field(default_factory=dict[str, str])

    async def answer(self, request: web.Request) -> web.Response:
        """What a health check reads."""
        if request.match_info["part"] in self.broken:
            return web.json_response({"version": "v42"}, status=500)
        return web.json_response({"version": "v41"})


@dataclass(frozen=True, kw_only=True)
class Sight:
    """A browser on the page, the shop behind it, and what the browser complains of."""

    page: Page
    shop: Shop
    url: str
    complaints: list[str]

    async def act_as(self, name: str) -> None:
        """Switch to another person."""
        await self.page.locator(".people").get_by_role("button", name=name).click()

    async def is_acting(self, name: str) -> None:
        """Wait until this is who acts."""
        await expect(self.page.locator(".person[aria-current=true]")).to_have_text(name)

    async def sticking_out(self) -> list[str]:
        """Name what is seen beyond the right edge of the page."""
        found: list[str] = await self.page.evaluate(
            """() => [...document.querySelectorAll(".app *")]
                .filter((node) => node.checkVisibility())
                .filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
                .map((node) => `${node.className}: ${node.textContent}`)"""
        )
        return found

    async def small_targets(self) -> list[str]:
        """Name the buttons and links that a thumb would miss."""
        where = ".people button, .places button, .room button, .room a, .hint button, .other a"
        targets = await self.page.locator(where).all()
        boxes = [(await one.inner_text(), await one.bounding_box()) for one in targets]
        return [text for text, box in boxes if box and round(box["height"]) < 44]


@pytest.fixture
def chromium() -> Path:
    """Debian's Chromium, or a loud skip."""
    if not CHROMIUM.exists():
        pytest.skip(
            "Chromium is missing, so nobody looked at the page: `make browser` installs it."
        )
    return CHROMIUM


@asynccontextmanager
async def open_shop() -> AsyncGenerator[Shop]:
    """Open a broken shop."""
    shop, site = Shop(), web.Application()
    site.router.add_get("/{part}", shop.answer)
    runner = web.AppRunner(site)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    shop.parts |= {part: f"{url}/{part}" for part in ("frontend", "backend")}
    yield shop
    await runner.cleanup()


@asynccontextmanager
async def looking(chromium: Path, complaints: list[str]) -> AsyncGenerator[Page]:
    """Open a browser; at the end it may not have complained of anything."""

    def note(said: ConsoleMessage) -> None:
        if said.type in ("error", "warning"):
            complaints.append(said.text)

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=[*FLAGS])
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", note)
        yield page
        await browser.close()
    assert complaints == []
