"""What we ask Railway, and what it answers; no decisions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Generic, NoReturn, TypeVar

import httpx
from pydantic import AwareDatetime

from adapters.calls import Answer, Vendor, clean
from adapters.versions import Name, Version
from bot.domain.errors import Failed, InDoubt, NotApplied, Unreachable

T = TypeVar("T")

PAGES: Final = 20
PAGE_SIZE: Final = 50

SERVING: Final = frozenset({"SUCCESS", "SLEEPING"})
UNDER_WAY: Final = frozenset({"BUILDING", "DEPLOYING", "INITIALIZING", "QUEUED"})
WAITS_FOR_A_PERSON: Final = frozenset({"NEEDS_APPROVAL", "WAITING"})
ENDED: Final = frozenset({"CRASHED", "FAILED", "REMOVED", "REMOVING", "SKIPPED"})
STATUSES: Final = sorted(SERVING | UNDER_WAY | WAITS_FOR_A_PERSON | ENDED)

_ROW: Final = "{id status createdAt canRollback meta}"
LIST: Final = (
    "query List($input: DeploymentListInput!, $first: Int, $after: String) {"
    " deployments(input: $input, first: $first, after: $after) {"
    f" edges {{node {_ROW}}} pageInfo {{hasNextPage endCursor}}"
    " } }"
)
ONE: Final = f"query One($id: String!) {{ deployment(id: $id) {_ROW} }}"
INSTANCE: Final = (
    "query Instance($environment: String!, $service: String!) {"
    " serviceInstance(environmentId: $environment, serviceId: $service) {"
    f" serviceName activeDeployments {_ROW} latestDeployment {_ROW}"
    " } }"
)
AUTO_DEPLOY: Final = (
    "query AutoDeploy($project: String!, $environment: String!, $service: String!) {"
    " serviceInstanceAutoDeployStatus("
    "projectId: $project, environmentId: $environment, serviceId: $service) {enabled}"
    " }"
)
# Railway's documentation selects fields of the answer, which is a Boolean and has none.
ROLLBACK: Final = "mutation Rollback($id: String!) { deploymentRollback(id: $id) }"

# What proves that a mutation was turned down before it did anything; Railway has no error codes
# to go by, its own client reads these words, too.
_TURNED_DOWN: Final = (
    "not authorized",
    "token not found",
    "two factor authentication required",
    "not found",
    "cannot be rolled back",
    "rate limit",
)


class Deployment(Answer):
    """One deployment of a service."""

    id: Name
    status: str
    created_at: AwareDatetime
    can_rollback: bool = False
    meta: Mapping[str, Any] | None = None

    @property
    def version(self) -> Version:
        """Return what choosing needs to know of it."""
        return Version(
            id=self.id,
            made_at=self.created_at,
            commit=self._known("commitHash"),
            image=self._known("image"),
            message=self._known("commitMessage"),
            obstacle=self._obstacle,
        )

    @property
    def _obstacle(self) -> str:
        if self.status not in SERVING | {"REMOVED", "REMOVING"}:
            return f"its deployment is {self.status}"
        if not self.can_rollback:
            return "Railway no longer keeps its image"
        return ""

    def _known(self, key: str) -> str:
        return str((self.meta or {}).get(key) or "")


class Instance(Answer):
    """A service in one environment, and what it runs."""

    service_name: str
    active_deployments: tuple[Deployment, ...]
    latest_deployment: Deployment | None = None

    @property
    def serving(self) -> Deployment | None:
        """Return what users get, or what they should get if nothing runs."""
        newest = max(self.active_deployments, key=lambda d: d.created_at, default=None)
        return newest or self.latest_deployment


class _Edge(Answer):
    node: Deployment


class _PageInfo(Answer):
    has_next_page: bool
    end_cursor: str | None = None


class _Page(Answer):
    edges: tuple[_Edge, ...]
    page_info: _PageInfo


class _AutoDeploy(Answer):
    enabled: bool


class _Error(Answer):
    message: str = ""


class _Reply(Answer, Generic[T]):
    """The one field that was asked for, or what went wrong; both come with status 200."""

    data: Mapping[str, T | None] | None = None
    errors: tuple[_Error, ...] = ()

    @property
    def value(self) -> T | None:
        return next(iter((self.data or {}).values()), None)

    @property
    def complaint(self) -> str:
        return clean("; ".join(error.message for error in self.errors))

    @property
    def proves_nothing_happened(self) -> bool:
        # By GraphQL's specification an answer without data was given before anything ran.
        return "data" not in self.model_fields_set or any(
            words in self.complaint.lower() for words in _TURNED_DOWN
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """Railway's GraphQL interface, for one service in one environment."""

    vendor: Vendor
    project: str
    environment: str
    service: str

    async def instance(self) -> Instance:
        """Return what the service runs."""
        asked = {"environment": self.environment, "service": self.service}
        return await self._read(_Reply[Instance], INSTANCE, asked)

    async def deployment(self, deployment: str) -> Deployment:
        """Return one deployment."""
        return await self._read(_Reply[Deployment], ONE, {"id": deployment})

    async def is_auto_deploying(self) -> bool | None:
        """Tell whether the next push deploys by itself; None if the token may not read that."""
        asked = {
            "project": self.project,
            "environment": self.environment,
            "service": self.service,
        }
        try:
            return (await self._read(_Reply[_AutoDeploy], AUTO_DEPLOY, asked)).enabled
        except Unreachable:
            return None

    async def newest(self) -> tuple[Deployment, ...]:
        """Return the first page of the service's deployments."""
        return await self.deployments(is_enough=bool)

    async def deployments(
        self, *, is_enough: Callable[[Sequence[Deployment]], bool]
    ) -> tuple[Deployment, ...]:
        """Return the service's deployments, newest first, page by page until it is enough."""
        asked: dict[str, Any] = {
            "input": {
                "projectId": self.project,
                "environmentId": self.environment,
                "serviceId": self.service,
                "status": {"in": STATUSES},
            },
            "first": PAGE_SIZE,
        }
        found: tuple[Deployment, ...] = ()
        for _ in range(PAGES):
            page = await self._read(_Reply[_Page], LIST, asked)
            rows = tuple(edge.node for edge in page.edges)
            found += rows
            cursor = page.page_info.end_cursor
            if not page.page_info.has_next_page or is_enough(rows):
                return found
            if not cursor or cursor == asked.get("after"):
                raise Unreachable("Railway's list of deployments runs in a circle.")
            asked["after"] = cursor
        return found

    async def roll_back(self, deployment: str) -> None:
        """Ask for a new deployment made from an earlier one; one try."""
        request = self._request(ROLLBACK, {"id": deployment})
        request.headers["Idempotency-Key"] = self.vendor.tools.key  # for logs on the way
        response = await self.vendor.write(request)
        if not response.is_success:
            self.vendor.turned_down(NotApplied, response)
        try:
            reply = self.vendor.parse(_Reply[bool], response)
        except Unreachable as error:
            raise InDoubt(str(error)) from error
        if reply.errors and not reply.proves_nothing_happened:
            raise InDoubt(f"Railway was asked and answered: {reply.complaint}.")
        if reply.errors:
            self._refused(NotApplied, reply.complaint)
        if reply.value is None:
            raise InDoubt("Railway was asked and answered without saying whether it will.")
        if not reply.value:
            raise NotApplied("Railway answered that it did not roll back. Nothing was changed.")

    async def _read(self, kind: type[_Reply[T]], document: str, asked: Mapping[str, Any]) -> T:
        response = await self.vendor.read(self._request(document, asked))
        reply = self.vendor.parse(kind, response)
        if reply.errors:
            self._refused(Unreachable, reply.complaint)
        if reply.value is None:
            raise Unreachable("Railway answered nothing that was asked for.")
        return reply.value

    def _refused(self, kind: type[Failed], complaint: str) -> NoReturn:
        # A forgotten token, a dead one and one of another environment look alike here.
        is_about_the_token = any(words in complaint.lower() for words in _TURNED_DOWN[:2])
        status = HTTPStatus.FORBIDDEN if is_about_the_token else HTTPStatus.OK
        self.vendor.refused(kind, complaint, status=status)

    def _request(self, document: str, asked: Mapping[str, Any]) -> httpx.Request:
        tools = self.vendor.tools
        return tools.http.build_request(
            "POST",
            f"{tools.base_url('railway')}/graphql/v2",
            json={"query": document, "variables": asked},
            headers={"Project-Access-Token": tools.secret(self.vendor.secret)},
        )
