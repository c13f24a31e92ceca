"""The tools of one step: its key, its secrets, and no others."""

import pytest

from bot.clock import SystemClock
from bot.domain.errors import NotApplied
from bot.tools import Scrubber, ToolBox

SECRETS = {"VERCEL_TOKEN": "canary-one", "RAILWAY_TOKEN": "canary-two", "EMPTY": ""}


@pytest.fixture
def box() -> ToolBox:
    """A box with two secrets and one endpoint; it connects to nothing."""
    return ToolBox(
        clock=SystemClock(),
        secrets=SECRETS,
        endpoints={"vercel": "https://api.vercel.com/"},
        origins={},
        scrub=Scrubber(SECRETS.values()),
    )


def test_a_step_gets_what_it_declared(box: ToolBox) -> None:
    """The key, the address and the declared secrets are there, and other secrets are not."""
    tools = box.for_step(key="rb-1/api/1", secrets=("VERCEL_TOKEN",))

    assert tools.key == "rb-1/api/1"
    assert tools.base_url("vercel") == "https://api.vercel.com"
    assert tools.secret("VERCEL_TOKEN") == "canary-one"
    with pytest.raises(NotApplied, match="did not declare the secret RAILWAY_TOKEN"):
        tools.secret("RAILWAY_TOKEN")


def test_secrets_are_not_shown(box: ToolBox) -> None:
    """Printing the tools shows whose they are and nothing more."""
    tools = box.for_step(key="rb-1/api/1", secrets=("VERCEL_TOKEN",))

    assert repr(tools) == "<tools of rb-1/api/1>"


@pytest.mark.parametrize("name", ["EMPTY", "UNKNOWN"])
def test_a_secret_that_is_not_set(box: ToolBox, name: str) -> None:
    """A missing secret is named, and certainly nothing was sent without it."""
    tools = box.for_step(key="k", secrets=(name,))

    with pytest.raises(NotApplied, match=f"The secret {name} is not set"):
        tools.secret(name)


@pytest.mark.parametrize("value", ["line\nbreak", "two words", "tökén", "tab\t", " "])
def test_a_secret_that_is_no_token(value: str) -> None:
    """A value that can't stand in a header is refused without being shown."""
    box = ToolBox(
        clock=SystemClock(),
        secrets={"TOKEN": value},
        endpoints={},
        origins={},
        scrub=Scrubber([]),
    )

    with pytest.raises(NotApplied, match="The secret TOKEN holds a blank") as refused:
        box.for_step(key="k", secrets=("TOKEN",)).secret("TOKEN")

    assert value.strip() not in str(refused.value) or not value.strip()


def test_a_system_without_an_address(box: ToolBox) -> None:
    """A system that nobody configured is named together with the place to do it."""
    with pytest.raises(NotApplied, match=r"No address is known for railway.*endpoints:"):
        box.for_step(key="k", secrets=()).base_url("railway")


def test_texts_for_people_are_clean_and_short(box: ToolBox) -> None:
    """What people read holds no secret and fits a card."""
    assert box.scrub("bad token canary-one") == "bad token [secret]"
    assert len(box.scrub("x" * 1000)) == 300


async def test_closing_twice_is_harmless(box: ToolBox) -> None:
    """A box can be closed although nothing was ever called."""
    await box.close()
    await box.close()
