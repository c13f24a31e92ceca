"""``railway.rollback``: which deployment, and what people are told about it."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar, Final, NoReturn, Self

from adapters.calls import Vendor, read_until
from adapters.railway.api import UNDER_WAY, WAITS_FOR_A_PERSON, Api, Deployment, Instance
from adapters.railway.move import Move
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

SETTLE_SECONDS: Final = 10.0  # the old deployment may be active for a moment beside the new one


class RailwayRollback(Action):
    """Deploy an earlier deployment of a service again, with its image and its variables."""

    use: ClassVar[str] = "railway.rollback"
    effect: ClassVar[Effect] = Effect.OBSERVABLE
    secrets: ClassVar[tuple[str, ...]] = ("RAILWAY_TOKEN",)

    project: Name
    service: Name
    environment: Name
    label: str | None = None
    to: str | None = None

    def wanting(self, version: str) -> Self:
        """Aim at a deployment's id, a commit, or a label such as ``v41``."""
        return self.model_copy(update={"to": check_wanted(version)})

    def bound(self, preview: Preview) -> Self:
        """Hold the deployment that was previewed."""
        return self.model_copy(update={"to": preview.after.id})

    async def preview(self, tools: Tools) -> Preview:
        """Read what serves now and what would serve."""
        api = self._api(tools)
        instance, auto_deploys = await asyncio.gather(api.instance(), api.is_auto_deploying())
        subject = f"Railway {self.label or instance.service_name}"
        serving = instance.serving or _refuse(f"{subject} was never deployed.")
        current = serving.version
        rows = await api.deployments(is_enough=lambda page: self._is_enough(page, current))
        versions = [row.version for row in rows if row.id != current.id]
        if self.to is None:
            chosen = last_good(versions, current=current) or nothing_to_go_back_to(subject)
        else:
            chosen = named([*versions, current], self.to, current=current, subject=subject)
        before, after = points(before=current, after=chosen)
        return Preview(
            subject=subject,
            resource=self._resource,
            before=before,
            after=after,
            comes_back=(chosen.code, "variables of that deployment"),
            stays_lost=("what was written to databases and volumes since",),
            warnings=(
                *_warnings(instance, versions, current=current, chosen=chosen),
                *_auto_deploy_warning(chosen, is_on=auto_deploys),
            ),
            undo=f"roll forward to {before.label} again, about 1 min",
            seconds=60,
            as_of=max(row.created_at for row in (serving, *rows)),
        )

    async def reread(self, tools: Tools, approved: Preview) -> Preview:
        """Ask, in one round trip, what serves and whether Railway still keeps the goal's image.

        Where one of them changed, a whole preview says what people have to know about it.
        """
        api = self._api(tools)
        instance, rows = await asyncio.gather(api.instance(), api.newest())
        serving, goal = instance.serving, approved.after.id
        is_kept = any(row.id == goal and not row.version.obstacle for row in rows)
        if not is_kept or serving is None or serving.id != approved.before.id:
            return await self.preview(tools)
        newest = max(row.created_at for row in (serving, *rows))
        return replace(approved, resource=self._resource, as_of=newest)

    async def execute(self, tools: Tools, preview: Preview) -> Receipt:
        """Ask for the rollback once, and follow the deployment that it makes."""
        return await self._move(tools, preview).make(after=preview.as_of)

    async def probe(self, tools: Tools, preview: Preview) -> Receipt | bool:
        """Look for the deployment that the rollback makes; each call would make another one."""
        return await self._move(tools, preview).find() or False

    async def verify(
        self, tools: Tools, preview: Preview, receipt: Receipt
    ) -> tuple[Evidence, ...]:
        """Ask the service what it runs, instead of the deployment how it is."""
        is_undone = receipt.details.get("goal") == preview.before.id
        move = self._undoing(tools, preview) if is_undone else self._move(tools, preview)
        return await read_until(
            tools,
            lambda: move.look(receipt.reference),
            lambda evidence: all(each.holds for each in evidence),
            seconds=SETTLE_SECONDS,
        )

    async def undo(self, tools: Tools, preview: Preview, receipt: Receipt) -> Receipt:
        """Deploy what served before again, if our deployment still serves."""
        return await self._undoing(tools, preview).make_if(serving=receipt.reference)

    @property
    def _resource(self) -> str:
        return f"railway:service/{self.service}/{self.environment}"

    def _api(self, tools: Tools) -> Api:
        return Api(
            vendor=Vendor(name="Railway", secret=self.secrets[0], tools=tools),
            project=self.project,
            environment=self.environment,
            service=self.service,
        )

    def _move(self, tools: Tools, preview: Preview) -> Move:
        return Move(
            api=self._api(tools),
            subject=preview.subject,
            origin=preview.before,
            goal=preview.after,
        )

    def _undoing(self, tools: Tools, preview: Preview) -> Move:
        move = self._move(tools, preview)
        return replace(move, origin=move.goal, goal=move.origin)

    def _is_enough(self, page: Sequence[Deployment], current: Version) -> bool:
        if self.to is not None:
            return any(row.id == self.to for row in page)
        older = (row.version for row in page if row.created_at < current.made_at)
        return any(not version.obstacle for version in older)


def _warnings(
    instance: Instance, versions: Sequence[Version], *, current: Version, chosen: Version
) -> Iterator[str]:
    latest = instance.latest_deployment
    if latest and not instance.active_deployments:
        yield f"Nothing runs right now: {current.label} is {latest.status}."
    twins = [v for v in versions if v.source == current.source and v.made_at < current.made_at]
    if any(chosen.made_at < twin.made_at for twin in twins):
        yield f"{current.label} was rolled back to before. This goes further back."
    if current.source and current.source == chosen.source and current.id != chosen.id:
        yield "Both run the same code; their variables may differ."
    if latest and latest.id != current.id and latest.created_at > current.made_at:
        is_coming = latest.status in UNDER_WAY | WAITS_FOR_A_PERSON
        what_of_it = "may replace the rolled-back one" if is_coming else "does not serve"
        yield f"The newest deployment, {latest.version.label}, is {latest.status} and {what_of_it}."


def _auto_deploy_warning(chosen: Version, *, is_on: bool | None) -> tuple[str, ...]:
    if is_on is None:
        return (f"If auto-deploy is on, which can't be read, a push replaces {chosen.label}.",)
    return (f"Auto-deploy stays on: the next push replaces {chosen.label}.",) if is_on else ()


def _refuse(sentence: str) -> NoReturn:
    raise Refused(Refusal.NOT_PLANNABLE, f"{sentence} Nothing was changed.")
