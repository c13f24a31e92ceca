"""What Railway would know now: a pure function of the seed, the effects and the time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID, uuid5

from bot.workspace.providers import seed
from bot.workspace.providers.effects import Effect

STATUSES = {
    "queued": "INITIALIZING", "working": "DEPLOYING", "failed": "FAILED", "done": "SUCCESS",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One release running, or that ran, as a deployment of its own."""

    id: str
    release: seed.Release
    status: str
    created_at: float


def deployments(
    effects: Sequence[Effect], *, began: float, now: float, job_seconds: float
) -> list[Deployment]:
    """Plays the effects over the seed: every rollback adds a deployment; the newest is first."""
    rows = [_seeded(release, began) for release in seed.BACKEND]
    for number, effect in enumerate(effects):
        status = STATUSES[effect.stage(now=now, job_seconds=job_seconds)]
        if status == "SUCCESS":
            former = active(rows)
            rows = [replace(row, status="REMOVED") if row is former else row for row in rows]
        release = next(row.release for row in rows if row.id == effect.target)
        id_ = str(uuid5(UUID(seed.RAILWAY_SERVICE), str(number)))
        new = Deployment(id=id_, release=release, status=status, created_at=effect.at)
        rows = [new, *rows]
    return rows


def active(rows: Sequence[Deployment]) -> Deployment:
    """The deployment that answers the backend's visitors."""
    return next(row for row in rows if row.status == "SUCCESS")


def _seeded(release: seed.Release, began: float) -> Deployment:
    status = "SUCCESS" if not release.works else "REMOVED" if release.is_built else "FAILED"
    created_at = began - release.age
    return Deployment(id=release.id, release=release, status=status, created_at=created_at)
