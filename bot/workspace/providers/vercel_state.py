"""What Vercel would know now: a pure function of the seed, the effects and the time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.workspace.providers import seed
from bot.workspace.providers.effects import Effect

STATUSES = {
    "queued": "pending", "working": "in-progress", "failed": "failed", "done": "succeeded",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Job:
    """The moving of every production domain to another deployment."""

    kind: str
    origin: str
    target: str
    requested_at: float
    status: str


@dataclass(frozen=True, kw_only=True)
class Production:
    """Which deployment the production domains serve, and how that came about."""

    current: str = seed.VERCEL_BAD
    assigns_domains: bool = True
    job: Job | None = None


def production(effects: Sequence[Effect], *, now: float, job_seconds: float) -> Production:
    """Plays the effects over the seed."""
    state = Production()
    for effect in effects:
        kind = effect.use.removeprefix("vercel.")
        status = STATUSES[effect.stage(now=now, job_seconds=job_seconds)]
        job = Job(
            kind=kind, origin=state.current, target=effect.target, requested_at=effect.at,
            status=status,
        )  # fmt: skip
        state = replace(state, job=job)
        if status == "succeeded":
            # Vercel gives domains to no new build from a rollback until something is promoted.
            state = replace(state, current=job.target, assigns_domains=kind == "promote")
    return state
