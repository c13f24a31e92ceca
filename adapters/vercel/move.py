"""Production on its way from one deployment to another, and where each domain ended up."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Final

from adapters.calls import read_until
from adapters.vercel.api import Api, Job, Kind, Project
from bot.domain.errors import InDoubt, NotApplied, Unreachable
from bot.domain.plan import NEVER, Evidence, Point, Receipt
from bot.ports import Tools

JOB_SECONDS: Final = 120.0  # a job takes seconds; what takes longer is for verify to tell
JOB_APPEARS_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The moving of one project's production domains."""

    api: Api
    project_id: str
    subject: str
    kind: Kind
    origin: Point
    goal: Point

    async def make(self, *, after: datetime) -> Receipt:
        """Ask for it once, and wait for the end of its job: the one asked for later than this."""
        await self._ask()
        return await self._arrive(after=after)

    async def make_unless_made(self) -> Receipt:
        """Read first, and ask for it unless it is done or under way."""
        try:
            project = await self._project()
        except Unreachable as error:
            raise NotApplied(str(error)) from error
        job = project.last_alias_request
        running = job if job and job.is_running(self._tools.now()) else None
        if running and running.to_deployment_id == self.goal.id:
            return await self._arrive(after=NEVER)  # an attempt whose answer was lost asked for it
        if project.serving == self.goal.id and not running:
            return self._receipt("already there")
        if running or project.serving != self.origin.id:
            raise NotApplied(
                f"Production of {self.subject} left {self.origin.label}, or somebody else is "
                "moving it right now. Nothing was changed."
            )
        return await self.make(after=project.as_of)

    async def _arrive(self, *, after: datetime) -> Receipt:
        project = await self.watch(after=after)
        if arrived := await self.outcome(project):
            return arrived
        job = self._job(project, after=after)
        if job and job.is_over and job.job_status != "succeeded":
            raise NotApplied(
                f"Vercel took the request, but its job ended as {job.job_status}. Production still "
                f"serves {self.origin.label}."
            )
        # Vercel said yes and shows nothing of it. That is for verify to find, not for us to judge.
        return self._receipt(job.job_status if job else "accepted, never seen")

    async def watch(self, *, after: datetime = NEVER) -> Project:
        """Wait for the end of our job: to our goal, and newer than what was there before we asked.

        Both times are Vercel's own, so no difference between two clocks takes an old job for ours.
        """
        asked_at = self._tools.now()

        def is_enough(project: Project) -> bool:
            if job := self._job(project, after=after):
                return job.is_over
            waited = (self._tools.now() - asked_at).total_seconds()
            return project.serving == self.goal.id or waited >= JOB_APPEARS_SECONDS

        return await read_until(self._tools, self._project, is_enough, seconds=JOB_SECONDS)

    async def outcome(self, project: Project) -> Receipt | None:
        """Return the receipt if production arrived and None if it never left its origin."""
        job = self._job(project)
        status = job.job_status if job else "no job"
        if status not in {"failed", "skipped"}:
            return self._receipt(status) if project.serving == self.goal.id else None
        evidence = await self.look()
        arrived = [each.holds for each in evidence]
        if all(arrived):
            return self._receipt(status)
        if any(arrived):
            left = ", ".join(each.name for each in evidence if not each.holds)
            raise InDoubt(
                f"Vercel's job ended as {status} half way: not at {self.goal.label} are {left}. "
                f"Look at {self.subject} in Vercel, and say here whether it happened."
            )
        return None

    async def look(self) -> tuple[Evidence, ...]:
        """Ask what production serves, and what each of its domains serves."""
        project = await self._project()
        found = [self._evidence("production", project.serving)]
        for host in await self.api.domains(self.project_id):
            serving = await self.api.serving(host, project=self.project_id)
            found.append(self._evidence(host, serving))
        return tuple(found)

    @property
    def _tools(self) -> Tools:
        return self.api.vendor.tools

    async def _project(self) -> Project:
        return await self.api.project(self.project_id)

    async def _ask(self) -> None:
        response = await self.api.move(self.kind, project=self.project_id, deployment=self.goal.id)
        if response.is_success:
            return
        # A conflict may say that production is there already, which is all we want.
        is_conflict = response.status_code == HTTPStatus.CONFLICT
        if not is_conflict or (await self._project()).serving != self.goal.id:
            self.api.vendor.turned_down(NotApplied, response)

    def _job(self, project: Project, *, after: datetime = NEVER) -> Job | None:
        job = project.last_alias_request
        is_ours = job is not None and job.to_deployment_id == self.goal.id and job.asked_at > after
        return job if is_ours else None

    def _receipt(self, status: str) -> Receipt:
        details = {"job": status, "from": self.origin.id, "project": self.project_id}
        return Receipt(reference=self.goal.id, details=details)

    def _evidence(self, name: str, serving: str) -> Evidence:
        labels = {point.id: point.label for point in (self.origin, self.goal)}
        return Evidence(
            name=name,
            expected=self.goal.label,
            seen=labels.get(serving, serving) or "no deployment",
            holds=serving == self.goal.id,
            at=self._tools.now(),
        )
