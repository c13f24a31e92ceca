"""Draw the pictures of the documentation: ``make docs`` plays the tour and keeps what it sees.

Every picture is of the real page with the real bot behind it; nothing is drawn by hand.
"""

import asyncio
import re
import sys
from pathlib import Path
from typing import Final

from playwright.async_api import Locator, Page

from tests.journeys.tour import chromium, tour

PICTURES: Final = Path(__file__).parent / "pictures"


async def main() -> None:
    """Open the demo, play the tour and keep its pictures."""
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", "--no-browser", stdout=asyncio.subprocess.PIPE
    )
    try:
        url = await _address(demo)
        async with chromium() as browser:
            await tour(browser, url, _keep)
    finally:
        demo.terminate()
        await demo.wait()


async def _keep(name: str, what: Page | Locator) -> None:
    await what.screenshot(path=PICTURES / f"{name}.png")


async def _address(demo: asyncio.subprocess.Process) -> str:
    if demo.stdout is None:
        raise RuntimeError("the demo says nothing")
    async with asyncio.timeout(60):
        async for line in demo.stdout:
            if found := re.search(rb"http://\S+:\d+", line):
                return found[0].decode()
    raise RuntimeError("the demo ended without saying where it is")


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    asyncio.run(main())
