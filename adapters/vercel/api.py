"""What we ask Vercel, and what it answers; no decisions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final, Literal
from urllib.parse import quote

import httpx
from pydantic import AliasChoices, Field, RootModel

from adapters.calls import Answer, Vendor
from adapters.versions import Name, Version
from bot.domain.errors import Unreachable
from bot.domain.plan import NEVER

Kind = Literal["rollback", "promote"]

PAGES: Final = 20
PAGE_SIZE: Final = 100
# Vercel's own client takes an unfinished job that is older than this for dead.
JOB_LIFE: Final = timedelta(minutes=3)

# The published paths, because a test checks them against the published specification. Vercel's own
# client posts rollbacks to /v9, which knows no description; ours carries the step's key.
_MOVES: Final[Mapping[Kind, str]] = {
    "rollback": "/v1/projects/{project}/rollback/{deployment}",
    "promote": "/v10/projects/{project}/promote/{deployment}",
}
_GIT_HOSTS: Final = ("github", "gitlab", "bitbucket")


class Job(Answer):
    """The moving of all production domains from one deployment to another."""

    to_deployment_id: str
    job_status: str
    requested_at: float
    type: str

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more comes of it."""
        return self.job_status in {"succeeded", "failed", "skipped"}

    @property
    def asked_at(self) -> datetime:
        """Return when it was asked for, by Vercel's clock."""
        return _moment(self.requested_at)

    def is_running(self, now: datetime) -> bool:
        """Tell whether it may still move domains."""
        return not self.is_over and self.asked_at > now - JOB_LIFE


class _Reference(Answer):
    id: Name


class Project(Answer):
    """A project, with what production serves and the last job that changed it."""

    id: Name
    name: str
    account_id: str = ""
    targets: Mapping[str, _Reference | None] = {}
    auto_assign_custom_domains: bool = True
    last_alias_request: Job | None = None
    paused: bool = False

    @property
    def serving(self) -> str:
        """Return the id of the deployment in production; empty if there is none."""
        production = self.targets.get("production")
        return production.id if production else ""

    @property
    def as_of(self) -> datetime:
        """Return when the last job that changed it was asked for."""
        return self.last_alias_request.asked_at if self.last_alias_request else NEVER


class Deployment(Answer):
    """A deployment, as both the list and the single answer show it."""

    id: Name = Field(validation_alias=AliasChoices("id", "uid"))
    created_at: float = Field(validation_alias=AliasChoices("createdAt", "created"))
    project_id: str = ""
    target: str | None = None
    ready_state: str = ""
    is_rollback_candidate: bool | None = None
    team: _Reference | None = None
    meta: Mapping[str, Any] = {}

    @property
    def version(self) -> Version:
        """Return what choosing needs to know of it."""
        return Version(
            id=self.id,
            made_at=_moment(self.created_at),
            commit=self._git("CommitSha"),
            message=self._git("CommitMessage"),
            obstacle=self._obstacle,
        )

    @property
    def _obstacle(self) -> str:
        if self.target != "production":
            return "it is a preview and never served production"
        if self.ready_state != "READY":
            return f"its build is {self.ready_state or 'of unknown state'}, not READY"
        if not self.is_rollback_candidate:
            return "Vercel does not offer it: it never served production, or the plan ends earlier"
        return ""

    def _git(self, key: str) -> str:
        return next((str(self.meta[h + key]) for h in _GIT_HOSTS if h + key in self.meta), "")


class _Pagination(Answer):
    next: float | None = None


class _Deployments(Answer):
    deployments: tuple[Deployment, ...]
    pagination: _Pagination = _Pagination()


class _Domain(Answer):
    name: Name
    redirect: str | None = None
    verified: bool = True


class _Domains(Answer):
    domains: tuple[_Domain, ...]
    pagination: _Pagination = _Pagination()


class _Alias(Answer):
    deployment_id: str | None = None
    deployment: _Reference | None = None

    @property
    def serving(self) -> str:
        return self.deployment_id or (self.deployment.id if self.deployment else "")


class _Aliases(RootModel[tuple[_Alias, ...] | _Alias]):
    """The specification says a list here, older documents say an object."""

    @property
    def serving(self) -> str:
        aliases = self.root if isinstance(self.root, tuple) else (self.root,)
        return aliases[0].serving if aliases else ""


@dataclass(frozen=True, slots=True)
class Api:
    """Vercel's REST interface, in the scope of one team."""

    vendor: Vendor
    team: str | None

    async def project(self, name: str) -> Project:
        """Return a project by its id or name."""
        return self.vendor.parse(Project, await self._read(f"/v9/projects/{name}"))

    async def deployment(self, id_or_host: str) -> Deployment | None:
        """Return a deployment by its id, or the one that answers at a host."""
        response = await self._read(f"/v13/deployments/{quote(id_or_host, safe='')}")
        if response.status_code == HTTPStatus.NOT_FOUND:
            return None
        return self.vendor.parse(Deployment, response)

    async def deployments(
        self,
        project: str,
        *,
        before: float | None = None,
        only_candidates: bool = False,
        is_enough: Callable[[Sequence[Deployment]], bool],
    ) -> tuple[Deployment, ...]:
        """Return a project's deployments, newest first, page by page until it is enough."""
        query: dict[str, str] = {"projectId": project, "limit": str(PAGE_SIZE)}
        if only_candidates:
            query |= {"target": "production", "state": "READY", "rollbackCandidate": "true"}
        found: tuple[Deployment, ...] = ()
        for _ in range(PAGES):
            paged = query if before is None else query | {"until": f"{before:.0f}"}
            page = self.vendor.parse(_Deployments, await self._read("/v6/deployments", paged))
            found += page.deployments
            if page.pagination.next is None or is_enough(page.deployments):
                return found
            if before is not None and page.pagination.next >= before:
                raise Unreachable("Vercel's list of deployments runs in a circle.")
            before = page.pagination.next
        return found

    async def domains(self, project: str) -> tuple[str, ...]:
        """Return every host that serves production: no redirects, nothing unverified."""
        query = {"production": "true", "redirects": "false", "limit": str(PAGE_SIZE)}
        hosts: dict[str, None] = {}
        for _ in range(PAGES):
            response = await self._read(f"/v9/projects/{project}/domains", query)
            page = self.vendor.parse(_Domains, response)
            hosts |= {d.name: None for d in page.domains if d.verified and not d.redirect}
            if page.pagination.next is None:
                return tuple(hosts)
            query["until"] = f"{page.pagination.next:.0f}"
        raise Unreachable(f"Vercel lists more than {PAGES * PAGE_SIZE} production domains.")

    async def serving(self, host: str, *, project: str) -> str:
        """Return the id of the deployment that a host serves; empty if it serves none."""
        response = await self._read(f"/v4/aliases/{host}", {"projectId": project})
        if response.status_code == HTTPStatus.NOT_FOUND:
            deployment = await self.deployment(host)
            return deployment.id if deployment else ""
        return self.vendor.parse(_Aliases, response).serving

    async def move(self, kind: Kind, *, project: str, deployment: str) -> httpx.Response:
        """Ask to move every production domain to a deployment; one try."""
        tools = self.vendor.tools
        query = {"description": f"Twokey {tools.key}"} if kind == "rollback" else {}
        path = _MOVES[kind].format(project=project, deployment=deployment)
        request = self._request("POST", path, query)
        request.headers["Idempotency-Key"] = (
            tools.key
        )  # Vercel ignores it; a log on the way may not
        return await self.vendor.write(request)

    async def _read(self, path: str, query: Mapping[str, str] | None = None) -> httpx.Response:
        return await self.vendor.read(self._request("GET", path, query or {}))

    def _request(self, method: str, path: str, query: Mapping[str, str]) -> httpx.Request:
        tools, scope = self.vendor.tools, dict[str, str]()
        if self.team:
            scope = {"teamId" if self.team.startswith("team_") else "slug": self.team}
        return tools.http.build_request(
            method,
            tools.base_url("vercel") + path,
            params={**query, **scope},
            headers={"Authorization": f"Bearer {tools.secret(self.vendor.secret)}"},
        )


def _moment(milliseconds: float) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
