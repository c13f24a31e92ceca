"""A new deployment made from an earlier one: on its way to serving, and whether it got there."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from adapters.calls import read_until
from adapters.railway.api import (
    SERVING,
    UNDER_WAY,
    WAITS_FOR_A_PERSON,
    Api,
    Deployment,
)
from bot.domain.errors import InDoubt, NotApplied, Unreachable
from bot.domain.plan import Evidence, Point, Receipt
from bot.ports import Tools

DEPLOY_SECONDS: Final = 360.0  # a health check alone may take 300
APPEARS_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One service on its way from the deployment that serves to the code of an earlier one."""

    api: Api
    subject: str
    origin: Point
    goal: Point

    async def make(self, *, after: datetime) -> Receipt:
        """Ask for it once, and follow the new deployment, made later than this, to its end."""
        await self.api.roll_back(self.goal.id)
        goal = await self.api.deployment(self.goal.id)
        new = await self._appears(goal, after=after)
        if new is None:
            # Railway said yes and shows nothing of it. That is for verify to find, not for us.
            return self._receipt(None)
        receipt = await self._follow(new)
        if not goal.version.source:
            await self._appears(goal, after=after)  # somebody else's may have come meanwhile
        return receipt

    async def make_if(self, *, serving: str) -> Receipt:
        """Read first, and ask for it if this deployment still serves."""
        try:
            goal = await self.api.deployment(self.goal.id)
            active = (await self.api.instance()).serving
            known = await self.api.newest()
        except Unreachable as error:
            raise NotApplied(str(error)) from error
        if active is None or active.id != serving:
            if active and self._is_made_from(goal, active):
                return self._receipt(active)
            raise NotApplied(
                f"{self.subject} left {self.origin.label} in the meantime. Nothing was changed."
            )
        return await self.make(after=max(row.created_at for row in (active, *known)))

    async def find(self) -> Receipt | None:
        """Look whether such a deployment was made since the origin was, and follow it."""
        goal = await self.api.deployment(self.goal.id)
        origin = await self.api.deployment(self.origin.id)
        if not goal.version.source:
            raise InDoubt(
                f"Railway does not say what {self.goal.label} was made from, so nobody can tell by "
                f"looking whether {self.subject} was rolled back to it."
            )
        new = await self._appears(goal, after=origin.created_at)
        try:
            return await self._follow(new) if new else None
        except NotApplied:
            return None

    async def look(self, made: str) -> tuple[Evidence, ...]:
        """Ask the service itself what it runs."""
        goal = await self.api.deployment(self.goal.id)
        active = (await self.api.instance()).active_deployments
        holds = bool(active) and all(
            row.status in SERVING and (row.id == made or self._is_made_from(goal, row))
            for row in active
        )
        seen = ", ".join(f"{row.version.label} ({row.status})" for row in active)
        evidence = Evidence(
            name=self.subject,
            expected=f"{self.goal.label} (SUCCESS)",
            seen=seen or "nothing runs",
            holds=holds,
            at=self._tools.now(),
        )
        return (evidence,)

    @property
    def _tools(self) -> Tools:
        return self.api.vendor.tools

    async def _appears(self, goal: Deployment, *, after: datetime) -> Deployment | None:
        """Wait for a deployment of the goal's code that is newer; both times are Railway's own."""

        async def read() -> Deployment | None:
            rows = [row for row in await self.api.newest() if row.created_at > after]
            # Where Railway names no source, the only one that was not there before has to be ours.
            if not goal.version.source and len(rows) > 1:
                raise InDoubt(
                    f"Somebody else deployed {self.subject} at the same moment, and Railway does "
                    f"not say what {self.goal.label} was made from, so nobody can tell them apart."
                )
            fitting = [r for r in rows if not goal.version.source or self._is_made_from(goal, r)]
            return max(fitting, key=lambda row: row.created_at, default=None)

        return await read_until(self._tools, read, bool, seconds=APPEARS_SECONDS)

    async def _follow(self, new: Deployment) -> Receipt:
        async def read() -> Deployment:
            return await self.api.deployment(new.id)

        end = await read_until(
            self._tools, read, lambda row: row.status not in UNDER_WAY, seconds=DEPLOY_SECONDS
        )
        if end.status in WAITS_FOR_A_PERSON:
            raise InDoubt(
                f"Railway made the deployment and waits for a person ({end.status}). Open "
                f"{self.subject} in Railway and let it through, then say here that it happened."
            )
        if end.status in {"FAILED", "SKIPPED"}:
            await self._check_untouched(end)
        return self._receipt(end)

    async def _check_untouched(self, end: Deployment) -> None:
        active = (await self.api.instance()).active_deployments
        if [row.id for row in active] == [self.origin.id]:
            raise NotApplied(
                f"Railway made the deployment, but it ended as {end.status}. {self.origin.label} "
                "still serves."
            )

    def _is_made_from(self, goal: Deployment, row: Deployment) -> bool:
        is_newer = row.id not in {goal.id, self.origin.id} and row.created_at > goal.created_at
        source = goal.version.source
        return is_newer and bool(source) and row.version.source == source

    def _receipt(self, made: Deployment | None) -> Receipt:
        return Receipt(
            reference=made.id if made else "",
            details={
                "goal": self.goal.id,
                "from": self.origin.id,
                "status": made.status if made else "accepted, never seen",
            },
        )
