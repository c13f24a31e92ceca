"""A Railway-compatible provider: the shop's backend, and the GraphQL that a rollback needs."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar

from aiohttp import web
from graphql import (
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationType,
    build_schema,
    get_operation_ast,
    graphql,  # pyright: ignore[reportUnknownVariableType] - it leaves its middleware untyped
    parse,
)
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from bot.workspace.providers import seed
from bot.workspace.providers.railway_state import Deployment, active, deployments
from bot.workspace.providers.server import Provider, Refused, bearer

PAGE = 20
SCOPE = {
    "projectId": seed.RAILWAY_PROJECT,
    "environmentId": seed.RAILWAY_ENVIRONMENT,
    "serviceId": seed.RAILWAY_SERVICE,
}
# Railway answers these as a success whose body says what went wrong.
SAID_IN_THE_BODY = (400, 401, 402, 403)
Info = GraphQLResolveInfo[web.Request]
Row = dict[str, Any]


class Question(BaseModel):
    """The body of a GraphQL request."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel)
    query: str
    variables: dict[str, object] | None = None
    operation_name: str | None = None


QUESTION = web.RequestKey("question", Question)


class Railway(Provider):
    """The backend's provider."""

    part = "backend"
    health_path = "/api/health"
    health: ClassVar[dict[str, object]] = {"services": {"database": "up"}}

    @property
    def serving(self) -> seed.Release:
        """What the active deployment runs."""
        return active(self._known).release

    def routes(self) -> Sequence[web.RouteDef]:
        """The one endpoint."""
        return (web.post("/graphql/v2", self._answer),)

    def authorize(self, request: web.Request) -> None:
        """Refuses strangers; a project token has a header of its own."""
        if project_token := request.headers.get("Project-Access-Token"):
            self.check_token(project_token, status=401, message="Project Token not found")
        else:
            self.check_token(bearer(request), status=401, message="Not Authorized")

    async def is_write(self, request: web.Request) -> bool:
        """Whether the request is a mutation."""
        try:
            question = Question.model_validate_json(await request.read())
            document = parse(question.query)
        except (ValidationError, GraphQLSyntaxError) as error:
            raise Refused(400, "Problem processing request") from error
        request[QUESTION] = question
        operation = get_operation_ast(document, question.operation_name)
        return operation is not None and operation.operation is OperationType.MUTATION

    def failure(self, status: int, message: str) -> web.Response:
        """Railway's error form."""
        body = {"data": None, "errors": [{"message": message}]}
        return web.json_response(body, status=200 if status in SAID_IN_THE_BODY else status)

    async def _answer(self, request: web.Request) -> web.Response:
        question = request[QUESTION]
        resolvers = {
            "deployment": self._deployment,
            "deployments": self._deployments,
            "serviceInstance": self._service_instance,
            "serviceInstanceAutoDeployStatus": self._auto_deploy,
            "deploymentRollback": self._rollback,
        }
        result = await graphql(
            read_schema(),
            question.query,
            resolvers,
            context_value=request,
            variable_values=question.variables,
            operation_name=question.operation_name,
        )
        return web.json_response(result.formatted)

    @property
    def _known(self) -> list[Deployment]:
        began, now = self.log.began, self.clock()
        return deployments(self.log.effects, began=began, now=now, job_seconds=self.job_seconds)

    # The names of arguments are Railway's.
    def _deployment(self, _info: Info, *, id: str) -> Row:  # noqa: A002
        for row in map(_row, self._known):
            if row["id"] == id:
                return row
        raise GraphQLError("Deployment not found")

    def _deployments(
        self,
        _info: Info,
        *,
        input: Row,  # noqa: A002
        first: int = PAGE,
        after: str | None = None,
    ) -> Row:
        _check_scope(input)
        status: dict[str, list[str]] = input.get("status") or {}
        wanted = status.get("in")
        rows = [row for row in map(_row, self._known) if not wanted or row["status"] in wanted]
        ids = [row["id"] for row in rows]
        start = ids.index(after) + 1 if after in ids else 0
        end = start + first
        return {
            "edges": [{"node": row} for row in rows[start:end]],
            "pageInfo": {"hasNextPage": end < len(rows), "endCursor": [None, *ids][: end + 1][-1]},
        }

    def _service_instance(self, _info: Info, **asked: str) -> Row:
        _check_scope(asked)
        rows = self._known
        return {
            "activeDeployments": [_row(active(rows))],
            "latestDeployment": _row(rows[0]),
            "serviceName": seed.RAILWAY_SERVICE_NAME,
        }

    def _auto_deploy(self, _info: Info, **asked: str) -> Row:
        _check_scope(asked)
        return {"enabled": True}

    def _rollback(self, info: Info, *, id: str) -> bool:  # noqa: A002
        if not self._deployment(info, id=id)["canRollback"]:
            raise GraphQLError("Deployment cannot be rolled back")
        self.record(info.context, use="railway.rollback", target=id)
        return True


@cache
def read_schema() -> GraphQLSchema:
    """Our part of Railway's schema."""
    return build_schema(files("bot.workspace.providers").joinpath("railway.graphql").read_text())


def _check_scope(asked: Mapping[str, object]) -> None:
    if any((asked.get(name) or expected) != expected for name, expected in SCOPE.items()):
        raise GraphQLError("Not Authorized")


def _row(deployment: Deployment) -> Row:
    release, created_at = deployment.release, datetime.fromtimestamp(deployment.created_at, UTC)
    return {
        "id": deployment.id,
        "status": deployment.status,
        "createdAt": created_at.isoformat(timespec="milliseconds"),
        "canRollback": release.is_kept and deployment.status == "REMOVED",
        "meta": {
            "commitHash": release.commit,
            "commitMessage": release.message,
            "commitAuthor": release.author,
            "branch": "main",
            "image": f"registry.shop.example/api:{release.version}",
        },
    }
