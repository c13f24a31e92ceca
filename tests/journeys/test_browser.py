"""The demo in a real browser, as the people who use it see it."""

from pathlib import Path

import pytest
from playwright.async_api import Locator, Page

from tests.journeys.test_demo_environment import open_demo
from tests.journeys.tour import CHROMIUM, chromium, tour

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
FOLDERS = {"slack": PICTURES, "discord": PICTURES / "discord"}


@pytest.mark.skipif(
    not CHROMIUM.exists(),
    reason="Chromium is missing, so nobody looked at the demo: `make browser` installs it",
)
@pytest.mark.parametrize("chat", ["slack", "discord"])
async def test_a_rollback_in_the_browser(tmp_path: Path, chat: str) -> None:
    """Typed at a desk and approved on a phone by two managers, a rollback heals the shop."""
    taken: dict[str, bytes] = {}

    async def shoot(name: str, what: Page | Locator) -> None:
        taken[name] = await what.screenshot()

    with open_demo(tmp_path, "--chat", chat) as (_, url):
        async with chromium() as browser:
            await tour(browser, url, shoot)

    assert all(taken.values())
    assert sorted(taken) == sorted(path.stem for path in FOLDERS[chat].glob("*.png"))
