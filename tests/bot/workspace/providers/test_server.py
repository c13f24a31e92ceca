"""What both providers do alike: doors, bad days, restarts."""

import asyncio
from pathlib import Path

import httpx
import pytest

from bot.workspace.providers import seed
from bot.workspace.providers.effects import read_effects
from bot.workspace.providers.railway import Railway
from bot.workspace.providers.server import Provider
from bot.workspace.providers.vercel import Vercel
from tests.bot.workspace.providers.conftest import (
    JOB_SECONDS,
    Clock,
    Running,
    rollback_path,
    running,
)

GOOD = rollback_path(seed.VERCEL_GOOD)
ONE_ROLLBACK = [("vercel.rollback", seed.VERCEL_GOOD)]
ROLLBACK = "mutation($id:String!){deploymentRollback(id:$id)}"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example"])
async def test_other_hosts_are_turned_away(vercel: Running, host: str) -> None:
    """A page that pointed its own name at this machine reaches neither interface nor site."""
    assert (await vercel.api.get("/v2/user", headers={"Host": host})).status_code == 403
    assert (await vercel.site.get("/", headers={"Host": host})).status_code == 403


async def test_control_needs_the_token(vercel: Running) -> None:
    """Whoever lacks the token cannot order a bad day."""
    stranger = {"Authorization": "Bearer wrong"}

    ordered = await vercel.api.post("/_local/misbehave", json={"kind": "lie"}, headers=stranger)

    assert ordered.status_code == 401


async def test_unknown_misbehaviour_is_refused(vercel: Running) -> None:
    """A typo in a story does not pass for a good day."""
    answer = await vercel.api.post("/_local/misbehave", json={"kind": "lye"})

    assert answer.status_code == 400


async def test_effects_name_the_request(vercel: Running) -> None:
    """The evidence says which request did what."""
    await vercel.api.post(GOOD, headers={"Idempotency-Key": "claim-1"})

    [effect] = read_effects(vercel.log)

    assert (effect.use, effect.target) == ONE_ROLLBACK[0]
    assert effect.request == "claim-1"


@pytest.mark.parametrize(
    ("kind", "status"),
    [("rate_limit", 429), ("server_error", 500), ("refuse", 403), ("plan_limit", 402)],
)
async def test_failures_come_before_the_effect(vercel: Running, kind: str, status: int) -> None:
    """A failed write changed nothing, and only as many fail as were ordered."""
    await vercel.misbehave(kind=kind, times=2, seconds=7)

    read = await vercel.api.get("/v2/user")
    failed = [await vercel.api.post(GOOD) for _ in range(2)]
    effects_then = vercel.uses()
    third = await vercel.api.post(GOOD)

    assert read.status_code == 200
    assert [answer.status_code for answer in failed] == [status, status]
    assert failed[0].headers.get("Retry-After") == ("7" if status == 429 else None)
    assert effects_then == []
    assert (third.status_code, vercel.uses()) == (201, ONE_ROLLBACK)


async def test_reads_fail_when_asked_to(vercel: Running) -> None:
    """A bad day on anything hits reads too."""
    await vercel.misbehave(kind="server_error", on="any")

    assert (await vercel.api.get("/v2/user")).status_code == 500


async def test_bad_days_begin_and_end(vercel: Running) -> None:
    """A bad day may begin with the first effect, and lasts until somebody ends it."""
    await vercel.misbehave(kind="server_error", on="after", times=1000)

    before = [await vercel.api.get("/v2/user"), await vercel.api.post(GOOD)]
    during = [await vercel.api.get("/v2/user"), await vercel.api.post(GOOD)]
    await vercel.misbehave(kind="none")
    afterwards = await vercel.api.get("/v2/user")

    assert [answer.status_code for answer in before] == [200, 201]
    assert [answer.status_code for answer in during] == [500, 500]
    assert afterwards.status_code == 200
    assert vercel.uses() == ONE_ROLLBACK


async def test_lie_changes_nothing(vercel: Running) -> None:
    """A provider that lies says yes, logs nothing and keeps serving the bad version."""
    await vercel.misbehave(kind="lie")

    answer = await vercel.api.post(GOOD)
    vercel.clock.now += JOB_SECONDS

    assert (answer.status_code, vercel.uses()) == (201, [])
    assert (await vercel.site.get("/health")).json()["version"] == seed.BAD_VERSION


async def test_lost_answer_took_effect(vercel: Running) -> None:
    """The connection drops without an answer, yet production moves."""
    await vercel.misbehave(kind="lose_answer")

    with pytest.raises(httpx.RemoteProtocolError):
        await vercel.api.post(GOOD)
    vercel.clock.now += JOB_SECONDS

    assert vercel.uses() == ONE_ROLLBACK
    assert (await vercel.site.get("/health")).json()["version"] == seed.GOOD_VERSION


async def test_held_answer_took_effect_at_once(vercel: Running) -> None:
    """The effect is in the log while the client still waits for the answer."""
    await vercel.misbehave(kind="hold", seconds=600)

    held = asyncio.create_task(vercel.api.post(GOOD, timeout=None))
    async with asyncio.timeout(20):
        while not vercel.uses():
            await vercel.api.get("/v2/user")
            assert not held.done()

    assert not held.done()
    assert vercel.uses() == ONE_ROLLBACK
    held.cancel()


@pytest.mark.parametrize("kind", [Vercel, Railway])
async def test_restart_keeps_effects_and_forgets_misbehaviour(
    tmp_path: Path, kind: type[Provider]
) -> None:
    """A provider that was stopped in mid-job comes back where it was, and well-behaved."""
    log, clock = tmp_path / "log", Clock()
    async with running(kind, log, clock) as first:
        await _roll_back(first)
        await first.misbehave(kind="server_error", on="any")
    clock.now += JOB_SECONDS

    async with running(kind, log, clock) as second:
        page = await second.site.get("/")
        effects = second.uses()
        await _roll_back(second)

    assert (page.status_code, len(effects)) == (200, 1)
    assert seed.GOOD_VERSION in page.text


async def _roll_back(provider: Running) -> None:
    if isinstance(provider.provider, Vercel):
        await provider.api.post(GOOD)
    else:
        await provider.ask(ROLLBACK, id=seed.RAILWAY_GOOD)
