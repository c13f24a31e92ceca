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
    changed_at: float


@dataclass(frozen=True, kw_only=True)
class Service:
    """The backend's deployments, newest first, and whether pushes deploy by themselves."""

    deployments: tuple[Deployment, ...]
    deploys_pushes: bool = True

    @property
    def active(self) -> Deployment:
        """The deployment that answers the backend's visitors."""
        return next(each for each in self.deployments if each.status == "SUCCESS")

    def find(self, deployment_id: str) -> Deployment | None:
        """The deployment with this id, if there is one."""
        return next((each for each in self.deployments if each.id == deployment_id), None)


def service(effects: Sequence[Effect], *, began: float, now: float, job_seconds: float) -> Service:
    """Plays the effects over the seed: every rollback or redeploy adds a deployment."""
    state = Service(deployments=tuple(_seeded(release, began) for release in seed.BACKEND))
    for number, effect in enumerate(effects):
        if effect.use == "railway.auto_deploy":
            state = replace(state, deploys_pushes=effect.value == "on")
        elif origin := state.find(effect.target):
            status = STATUSES[effect.stage(now=now, job_seconds=job_seconds)]
            is_over = status in {"FAILED", "SUCCESS"}
            new = Deployment(
                id=deployment_id(number), release=origin.release, status=status,
                created_at=effect.at, changed_at=effect.at + job_seconds * is_over,
            )  # fmt: skip
            state = replace(state, deployments=(new, *_former(state, successor=new)))
    return state


def deployment_id(number: int) -> str:
    """The id of the deployment that the effect with this number created."""
    return str(uuid5(UUID(seed.RAILWAY_SERVICE), str(number)))


def _former(state: Service, *, successor: Deployment) -> Sequence[Deployment]:
    if successor.status != "SUCCESS":
        return state.deployments
    return [
        replace(each, status="REMOVED", changed_at=successor.changed_at)
        if each.status == "SUCCESS"
        else each
        for each in state.deployments
    ]


def _seeded(release: seed.Release, began: float) -> Deployment:
    status = "SUCCESS" if not release.works else "REMOVED" if release.is_built else "FAILED"
    at = began - release.age
    return Deployment(
        id=release.id, release=release, status=status, created_at=at, changed_at=at
    )  # fmt: skip
