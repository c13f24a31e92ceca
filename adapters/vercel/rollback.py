"""``vercel.rollback``: what to do, and when it may be said to be done."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, Final, NoReturn, Self

from adapters.calls import Vendor, read_until
from adapters.vercel.api import Api, Deployment, Project
from adapters.vercel.move import Move
from adapters.versions import (
    Name,
    Version,
    check_wanted,
    last_good,
    named,
    nothing_to_go_back_to,
    points,
)
from bot.domain.errors import Refusal, Refused
from bot.domain.plan import Evidence, Preview, Receipt
from bot.domain.target import Effect
from bot.ports import Action, Tools

SETTLE_SECONDS: Final = 10.0  # a domain may follow the end of the job by a moment
RESOURCE: Final = "vercel:project/"


class VercelRollback(Action):
    """Point all production domains of a project back at an earlier deployment."""

    use: ClassVar[str] = "vercel.rollback"
    effect: ClassVar[Effect] = Effect.IDEMPOTENT
    secrets: ClassVar[tuple[str, ...]] = ("VERCEL_TOKEN",)

    project: Name
    team: Name | None = None
    to: str | None = None

    def wanting(self, version: str) -> Self:
        """Aim at a deployment's id or address, a commit, or a label such as ``v41``."""
        return self.model_copy(update={"to": check_wanted(version)})

    def bound(self, preview: Preview) -> Self:
        """Hold the ids that were previewed, whatever their names come to mean."""
        project = preview.resource.removeprefix(RESOURCE)
        return self.model_copy(update={"project": project, "to": preview.after.id})

    async def preview(self, tools: Tools) -> Preview:
        """Read what production serves and what it would serve."""
        api = self._api(tools)
        project = await api.project(self.project)
        subject = f"Vercel {project.name}"
        _check_calm(project, team=self.team, subject=subject, now=tools.now())
        (current, chosen), domains = await asyncio.gather(
            self._ends(api, project, subject=subject), api.domains(project.id)
        )
        before, after = points(before=current, after=chosen)
        return Preview(
            subject=subject,
            resource=RESOURCE + project.id,
            before=before,
            after=after,
            comes_back=(
                chosen.code,
                "variables and cron jobs of that build",
                f"on {len(domains)} domain{'' if len(domains) == 1 else 's'}",
            ),
            stays_lost=("what was written to databases since",),
            warnings=tuple(_warnings(project, current=current, chosen=chosen)),
            undo=f"promote {before.label} again, a few seconds",
            seconds=15,
            as_of=project.as_of,
        )

    async def reread(self, tools: Tools, approved: Preview) -> Preview:
        """Ask, in one round trip, what production serves and whether Vercel still offers the goal.

        Where one of them changed, a whole preview says what people have to know about it.
        """
        api, goal = self._api(tools), approved.after
        project, rows = await asyncio.gather(
            api.project(self.project), self._rows(api, self.project, goal.id, made_at=goal.made_at)
        )
        _check_calm(project, team=self.team, subject=approved.subject, now=tools.now())
        is_offered = any(row.id == goal.id and not row.version.obstacle for row in rows)
        if not is_offered or project.serving != approved.before.id:
            return await self.preview(tools)
        return replace(approved, resource=RESOURCE + project.id, as_of=project.as_of)

    async def execute(self, tools: Tools, preview: Preview) -> Receipt:
        """Ask for the rollback once, and wait until its job is over."""
        return await self._move(tools, preview).make(after=preview.as_of)

    async def probe(self, tools: Tools, preview: Preview) -> Receipt | bool:
        """Look whether production is, or is on its way, where the rollback was to bring it."""
        move = self._move(tools, preview)
        return await move.outcome(await move.watch()) or False

    async def verify(
        self, tools: Tools, preview: Preview, receipt: Receipt
    ) -> tuple[Evidence, ...]:
        """Ask what production serves, and what each of its domains serves."""
        is_undone = receipt.reference == preview.before.id
        move = self._undoing(tools, preview) if is_undone else self._move(tools, preview)
        return await read_until(
            tools,
            move.look,
            lambda evidence: all(each.holds for each in evidence),
            seconds=SETTLE_SECONDS,
        )

    async def undo(self, tools: Tools, preview: Preview, receipt: Receipt) -> Receipt:
        """Promote what production served before; new pushes go live again, too."""
        return await self._undoing(tools, preview).make_unless_made()

    def _api(self, tools: Tools) -> Api:
        return Api(Vendor(name="Vercel", secret=self.secrets[0], tools=tools), self.team)

    def _move(self, tools: Tools, preview: Preview) -> Move:
        return Move(
            api=self._api(tools),
            project_id=preview.resource.removeprefix(RESOURCE),
            subject=preview.subject,
            kind="rollback",
            origin=preview.before,
            goal=preview.after,
        )

    def _undoing(self, tools: Tools, preview: Preview) -> Move:
        move = self._move(tools, preview)
        return replace(move, kind="promote", origin=move.goal, goal=move.origin)

    async def _ends(self, api: Api, project: Project, *, subject: str) -> tuple[Version, Version]:
        current = await _current(api, project, subject=subject)
        return current, await self._chosen(api, project, current=current, subject=subject)

    async def _chosen(
        self, api: Api, project: Project, *, current: Version, subject: str
    ) -> Version:
        if self.to is None:
            rows = await api.deployments(
                project.id,
                before=current.made_at.timestamp() * 1000,
                only_candidates=True,
                is_enough=lambda page: any(not row.version.obstacle for row in page),
            )
            chosen = last_good([row.version for row in rows], current=current)
            return chosen or nothing_to_go_back_to(subject)
        wanted, made_at = _host_or_name(self.to), None
        if wanted.startswith("dpl_") or "." in wanted:
            meant = await api.deployment(wanted)
            if meant is not None:
                _check_owner(meant, project, subject=subject)
                wanted, made_at = meant.id, meant.version.made_at
        if wanted == current.id:
            return current
        rows = await self._rows(api, project.id, wanted, made_at=made_at)
        others = [row.version for row in rows if row.id != current.id]
        return named([*others, current], wanted, current=current, subject=subject)

    async def _rows(
        self, api: Api, project: str, wanted: str, *, made_at: datetime | None
    ) -> tuple[Deployment, ...]:
        """Return deployments down to the wanted one; from it on, where it is known when it was."""
        return await api.deployments(
            project,
            before=made_at.timestamp() * 1000 + 1 if made_at else None,
            is_enough=lambda page: any(row.id == wanted for row in page),
        )


async def _current(api: Api, project: Project, *, subject: str) -> Version:
    current = await api.deployment(project.serving) if project.serving else None
    return current.version if current else _refuse(f"{subject} has no production deployment.")


def _check_calm(project: Project, *, team: str | None, subject: str, now: datetime) -> None:
    if team and team.startswith("team_") and team != project.account_id:
        _refuse(f"{subject} belongs to another team than {team}.")
    job = project.last_alias_request
    if job and job.is_running(now):
        _refuse(
            f"Somebody is moving production of {subject} right now (a {job.type}, "
            f"{job.job_status}). Ask again when that is over."
        )


def _check_owner(meant: Deployment, project: Project, *, subject: str) -> None:
    is_foreign = meant.team is not None and meant.team.id != project.account_id
    if is_foreign or meant.project_id != project.id:
        _refuse(f"{meant.id} is not a deployment of {subject}.")


def _host_or_name(wanted: str) -> str:
    """Return the host of an address; anything else as it is."""
    host = (wanted.partition("://")[2] or wanted).partition("/")[0]
    return host if "." in host else wanted


def _warnings(project: Project, *, current: Version, chosen: Version) -> Iterator[str]:
    job = project.last_alias_request
    if job and job.type == "rollback" and job.to_deployment_id == current.id:
        yield f"Production was rolled back to {current.label} before. This goes further back."
    if project.auto_assign_custom_domains:
        yield "New pushes are built but don't go live until one is promoted in Vercel."
    else:
        yield "New pushes don't go live already, because production is held at one version."
    if current.source and current.source == chosen.source and current.id != chosen.id:
        yield "Both are builds of the same code; their variables may differ."
    if project.paused:
        yield "The project is paused, so visitors see a pause page until it is resumed."


def _refuse(sentence: str) -> NoReturn:
    raise Refused(Refusal.NOT_PLANNABLE, f"{sentence} Nothing was changed.")
