"""A Railway-compatible provider: the shop's backend, and the GraphQL that a rollback needs."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar

from aiohttp import web
from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationType,
    build_schema,
    get_operation_ast,
    graphql,  # pyright: ignore[reportUnknownVariableType] - it leaves its middleware untyped
    parse,
)
from graphql.pyutils import camel_to_snake
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from bot.workspace.providers import seed
from bot.workspace.providers.railway_state import Deployment, Service, deployment_id, service
from bot.workspace.providers.server import Provider, Refused, bearer

PAGE = 20
REQUESTS_PER_HOUR = 10_000  # the Pro plan
SCOPE = {
    "project_id": seed.RAILWAY_PROJECT,
    "environment_id": seed.RAILWAY_ENVIRONMENT,
    "service_id": seed.RAILWAY_SERVICE,
}
INSTANCES = {"SUCCESS": "RUNNING", "INITIALIZING": "INITIALIZING", "DEPLOYING": "INITIALIZING"}
Info = GraphQLResolveInfo[web.Request]


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
        return self._service.active.release

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
        """Railway's error form: mostly a 200 that says what went wrong."""
        body = {"data": None, "errors": [{"message": message}]}
        return self._json(body, status=200 if status in {400, 401, 402, 403} else status)

    def _json(self, body: object, *, status: int = 200) -> web.Response:
        limits = {
            "X-RateLimit-Limit": str(REQUESTS_PER_HOUR),
            "X-RateLimit-Remaining": str(max(0, REQUESTS_PER_HOUR - self.requests)),
            "X-RateLimit-Reset": _date(self.clock() + seed.HOUR),
        }
        return web.json_response(body, status=status, headers=limits)

    async def _answer(self, request: web.Request) -> web.Response:
        question = request[QUESTION]
        resolvers = {
            "deployment": self._deployment,
            "deployments": self._deployments,
            "projectToken": self._project_token,
            "serviceInstance": self._service_instance,
            "serviceInstanceAutoDeployStatus": self._auto_deploy,
            "deploymentRollback": self._rollback,
            "deploymentRedeploy": self._redeploy,
            "serviceInstanceAutoDeployUpdate": self._switch_auto_deploy,
        }
        result = await graphql(
            read_schema(),
            question.query,
            resolvers,
            context_value=request,
            variable_values=question.variables,
            operation_name=question.operation_name,
        )
        return self._json(result.formatted)

    @property
    def _service(self) -> Service:
        return service(
            self.log.effects, began=self.log.began, now=self.clock(), job_seconds=self.job_seconds
        )

    def _found(self, asked: str) -> Deployment:
        if found := self._service.find(asked):
            return found
        raise GraphQLError("Deployment not found")

    def _deployment(self, _info: Info, *, key: str) -> dict[str, Any]:
        return _row(self._found(key))

    def _deployments(
        self,
        _info: Info,
        *,
        asked: dict[str, Any],
        first: int | None = None,
        after: str | None = None,
    ) -> dict[str, Any]:
        _check_scope(asked)
        status: dict[str, list[str]] = asked.get("status") or {}
        rows = [
            _row(each)
            for each in self._service.deployments
            if each.status in (status.get("in") or [each.status])
            and each.status not in (status.get("not_in") or [])
        ]
        ids = [row["id"] for row in rows]
        start = ids.index(after) + 1 if after in ids else 0
        end = start + (first or PAGE)
        return {
            "edges": [{"cursor": row["id"], "node": row} for row in rows[start:end]],
            "pageInfo": {"hasNextPage": end < len(rows), "endCursor": [None, *ids][: end + 1][-1]},
        }

    def _project_token(self, info: Info) -> dict[str, str]:
        if "Project-Access-Token" not in info.context.headers:
            raise GraphQLError("Project Token not found")
        return {
            "name": "twokey",
            "projectId": seed.RAILWAY_PROJECT,
            "environmentId": seed.RAILWAY_ENVIRONMENT,
        }

    def _service_instance(self, _info: Info, **asked: str) -> dict[str, object]:
        _check_scope(asked)
        now = self._service
        return {
            "activeDeployments": [_row(now.active)],
            "latestDeployment": _row(now.deployments[0]),
            "environmentId": seed.RAILWAY_ENVIRONMENT,
            "serviceId": seed.RAILWAY_SERVICE,
            "serviceName": seed.RAILWAY_SERVICE_NAME,
        }

    def _auto_deploy(self, _info: Info, **asked: str) -> dict[str, bool]:
        _check_scope(asked)
        return {"enabled": self._service.deploys_pushes, "canEnable": True}

    def _rollback(self, info: Info, *, key: str) -> bool:
        if not _row(self._found(key))["canRollback"]:
            raise GraphQLError("Deployment cannot be rolled back")
        self.record(info.context, use="railway.rollback", target=key)
        return True

    def _redeploy(
        self, info: Info, *, key: str, use_previous_image_tag: bool = False
    ) -> dict[str, Any]:
        origin = self._found(key)
        self.record(info.context, use="railway.redeploy", target=key)
        # After a lie nothing is new, and the former deployment is all there is to show.
        new = self._service.find(deployment_id(len(self.log.effects) - 1))
        return _row(new or origin)

    def _switch_auto_deploy(self, info: Info, *, asked: dict[str, Any]) -> dict[str, bool]:
        _check_scope(asked)
        value = "on" if asked["enabled"] else "off"
        target = seed.RAILWAY_SERVICE
        self.record(info.context, use="railway.auto_deploy", target=target, value=value)
        return {"enabled": asked["enabled"]}


@cache
def read_schema() -> GraphQLSchema:
    """Our part of Railway's schema; resolvers get its arguments under names that Python likes."""
    schema = build_schema(files("bot.workspace.providers").joinpath("railway.graphql").read_text())
    names = {"input": "asked", "id": "key"}
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInputObjectType):
            for name, field in kind.fields.items():
                field.out_name = camel_to_snake(name)
        elif isinstance(kind, GraphQLObjectType):
            for field in kind.fields.values():
                for name, argument in field.args.items():
                    argument.out_name = names.get(name, camel_to_snake(name))
    return schema


def _check_scope(asked: Mapping[str, object]) -> None:
    if any((asked.get(name) or expected) != expected for name, expected in SCOPE.items()):
        raise GraphQLError("Not Authorized")


def _row(deployment: Deployment) -> dict[str, Any]:
    release, status = deployment.release, deployment.status
    return {
        "id": deployment.id, "status": status,
        "createdAt": _date(deployment.created_at), "statusUpdatedAt": _date(deployment.changed_at),
        "canRollback": release.is_kept and status == "REMOVED",
        "canRedeploy": status in {"SUCCESS", "REMOVED"},
        "deploymentStopped": status in {"REMOVED", "FAILED"},
        "instances": [{"id": deployment.id, "status": INSTANCES.get(status, "REMOVED")}],
        "snapshotId": release.id, "projectId": seed.RAILWAY_PROJECT,
        "environmentId": seed.RAILWAY_ENVIRONMENT, "serviceId": seed.RAILWAY_SERVICE,
        "staticUrl": "api.shop.example",
        "meta": {
            "commitHash": release.commit, "commitMessage": release.message,
            "commitAuthor": release.author, "branch": "main",
            "image": f"registry.shop.example/api:{release.version}",
        },
    }  # fmt: skip


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
