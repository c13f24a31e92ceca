"""Requests at a terminal: signed to the last word, and counted like all others."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.act import Act
from bot.domain.errors import Refusal, Refused
from bot.engine.propose import Wish, propose
from tests.bot.engine.signers import Signers, codes, terminal
from tests.bot.engine.world import shop


@pytest.fixture
def signers(tmp_path: Path) -> Signers:
    """A key for everybody."""
    return Signers.at(tmp_path)


@pytest.mark.parametrize(
    "signed",
    [
        Act("rollback", target="frontend", environment="production", words="500"),
        Act("rollback", target="backend", environment="staging", words="500"),
        Act("rollback", target="backend", environment="production", words="another reason"),
        Act("rollback", target="backend", environment="production", version="v1", words="500"),
        Act("approve", target="backend", environment="production", words="500"),
    ],
)
async def test_a_request_is_signed_to_its_last_word(
    tmp_path: Path, signers: Signers, signed: Act
) -> None:
    """A request whose target, environment, version or reason was not signed is refused."""
    async with terminal(tmp_path, signers) as here:
        invocation = signers.invocation("responder", signed, here.clock.now())
        with pytest.raises(Refused) as refusal:
            await propose(here.engine, invocation, Wish("backend", "production", reason="500"))
        assert await codes(here, None) == ["tampered"]
    assert refusal.value.code is Refusal.TAMPERED


async def test_a_request_by_key_names_its_environment(tmp_path: Path, signers: Signers) -> None:
    """What is signed names the environment, even where there is only one."""
    async with terminal(tmp_path, signers) as here:
        invocation = signers.invocation(
            "responder", Act("rollback", target="backend"), here.clock.now()
        )
        with pytest.raises(Refused, match="in which environment"):
            await propose(here.engine, invocation, Wish("backend"))


async def test_requests_by_key_are_counted(tmp_path: Path, signers: Signers) -> None:
    """From the command line there may be as many open requests as from anywhere else."""
    targets = [replace(shop(), environment=f"e{number}") for number in range(2)]
    async with terminal(tmp_path, signers, *targets) as here:
        allowance = replace(here.engine.allowance, open=1)
        here.engine = replace(here.engine, allowance=allowance)
        await here.ask(environment="e0")
        act = Act("rollback", target="backend", environment="e1")
        invocation = signers.invocation("responder", act, here.clock.now())
        with pytest.raises(Refused) as refusal:
            await propose(here.engine, invocation, Wish("backend", "e1"))
    assert refusal.value.code is Refusal.LIMIT
