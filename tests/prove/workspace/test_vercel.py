"""Vercel's own command line drives the local provider as it drives Vercel."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.workspace.providers import seed
from bot.workspace.providers.effects import EffectLog, read_effects
from bot.workspace.providers.vercel import Vercel
from tests.prove.workspace.conftest import Node

TOKEN = "localvercel"  # the program takes letters and digits only
PROJECT = seed.VERCEL_PROJECT_NAME
GOOD, BAD = seed.FRONTEND[2], seed.FRONTEND[0]
JOB_SECONDS = 0.3


def host(release: seed.Release) -> str:
    """Return the address that only this version has."""
    return f"{PROJECT}-{release.commit[:9]}-{seed.VERCEL_TEAM_SLUG}.vercel.app"


@dataclass(frozen=True)
class Command:
    """The program, pointed at the local provider."""

    node: Node
    api: str
    log: Path

    async def __call__(self, *words: str) -> str:
        """Run it as somebody would who types these words, and return what it says."""
        where = ("--api", self.api, "--scope", seed.VERCEL_TEAM_SLUG)
        ran = await self.node.run("vercel", *words, *where, secrets={"VERCEL_TOKEN": TOKEN})
        assert ran.status == 0, ran.said
        return ran.said

    @property
    def effects(self) -> list[tuple[str, str]]:
        """Return what took effect, as the provider's disk has it."""
        return [(effect.use, effect.target) for effect in read_effects(self.log)]


@pytest.fixture
async def vercel(node: Node, tmp_path: Path) -> AsyncIterator[Command]:
    """The program, and a provider in real time."""
    log = tmp_path / "vercel.log"
    provider = Vercel(
        EffectLog(log, now=time.time()), token=TOKEN, job_seconds=JOB_SECONDS, clock=time.time
    )
    async with provider.serve() as addresses:
        yield Command(node, addresses.api, log)


async def test_it_is_the_version_that_we_name(vercel: Command) -> None:
    """The judge is the published program in exactly the version of package.json."""
    assert "58.4.4" in await vercel("--version")


async def test_it_lists_the_deployments(vercel: Command) -> None:
    """Every version of the shop is listed, with its state and environment."""
    said = await vercel("ls", PROJECT)

    assert all(host(release) in said for release in seed.FRONTEND)
    assert (said.count("Ready"), said.count("Error"), said.count("Preview")) == (4, 1, 1)


async def test_it_inspects_a_deployment(vercel: Command) -> None:
    """A deployment is shown with its address, aliases and builds."""
    said = await vercel("inspect", BAD.id)

    assert BAD.id in said
    assert host(BAD) in said
    assert all(f"https://{domain}" in said for domain in seed.VERCEL_DOMAINS)
    assert "Builds" in said


async def test_it_lists_the_aliases(vercel: Command) -> None:
    """Each domain is listed with the deployment that it points at."""
    rows = [line.split() for line in (await vercel("alias", "ls")).splitlines()]

    for domain in seed.VERCEL_DOMAINS:
        assert [host(BAD), domain] in [row[:2] for row in rows]


async def test_it_rolls_back_and_promotes(vercel: Command) -> None:
    """A rollback and a promotion are followed to their ends, and their states are read back."""
    nothing_yet = await vercel("rollback", "status", PROJECT)
    rolled_back = await vercel("rollback", GOOD.id, "--yes")
    status = await vercel("rollback", "status", PROJECT)
    aliases = await vercel("alias", "ls")
    promoted = await vercel("promote", BAD.id, "--yes")
    status_after = await vercel("promote", "status", PROJECT)

    assert "No deployment rollback in progress" in nothing_yet
    assert f"Success! {PROJECT} was rolled back to {host(GOOD)}" in rolled_back
    assert f"Success! {PROJECT} was rolled back to {host(GOOD)}" in status
    assert host(GOOD) in aliases
    assert host(BAD) not in aliases
    assert f"Success! {PROJECT} was promoted to {host(BAD)}" in promoted
    assert f"was promoted to {host(BAD)}" in status_after
    assert vercel.effects == [("vercel.rollback", GOOD.id), ("vercel.promote", BAD.id)]


async def test_a_wrong_token_is_refused(vercel: Command) -> None:
    """Whoever shows another token is told so, and nothing changes."""
    secrets = {"VERCEL_TOKEN": "another"}

    ran = await vercel.node.run(
        "vercel", "rollback", GOOD.id, "--yes", "--api", vercel.api, secrets=secrets
    )

    assert ran.status != 0
    assert "token" in ran.said.lower()
    assert vercel.effects == []
