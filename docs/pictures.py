"""Draw the pictures of the documentation: ``make docs`` plays the tour and keeps what it sees.

Every picture is of the real page with the real bot behind it; nothing is drawn by hand. The tour
is the same on every chat. Slack's pictures stand in the folder, others in one by the chat's name.
"""

import asyncio
import re
import sys
from pathlib import Path
from typing import Final

from playwright.async_api import Locator, Page

from tests.journeys.tour import chromium, tour

PICTURES: Final = Path(__file__).parent / "pictures"
FOLDERS: Final = {"slack": PICTURES, "discord": PICTURES / "discord"}


async def main() -> None:
    """Keep the pictures of each chat that is named, or of all."""
    for chat in sys.argv[1:] or FOLDERS:
        await _draw(chat, FOLDERS[chat])


async def _draw(chat: str, folder: Path) -> None:
    """Open the demo, play the tour and keep its pictures."""

    async def keep(name: str, what: Page | Locator) -> None:
        await what.screenshot(path=folder / f"{name}.png")

    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo", "--no-browser", "--chat", chat),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        url = await _address(demo)
        async with chromium() as browser:
            await tour(browser, url, keep)
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


if __name__ == "__main__":
    asyncio.run(main())
