"""A Vercel-compatible provider: the shop's frontend, and the REST that a rollback needs."""

import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from aiohttp import web

from bot.workspace.providers import seed
from bot.workspace.providers.seed import Release
from bot.workspace.providers.server import Provider, Refused, bearer
from bot.workspace.providers.vercel_state import Production, production

PROJECT = "/v9/projects/{project}"
LONGEST_DESCRIPTION = 250
BUILD_MILLISECONDS = 41_000
CODES = {
    400: "bad_request", 402: "payment_required", 403: "forbidden", 404: "not_found",
    409: "conflict", 429: "rate_limited",
}  # fmt: skip


class Vercel(Provider):
    """The frontend's provider."""

    part = "frontend"
    health_path = "/health"

    @property
    def serving(self) -> Release:
        """What the production domains point at."""
        return self._found(self._production.current)

    def routes(self) -> Sequence[web.RouteDef]:
        """Vercel's documentation and its own client call rollback by different paths."""
        return (
            web.get("/v2/user", self._user),
            web.get("/{version:v[12]}/teams", self._teams),
            web.get("/v6/deployments", self._deployments),
            web.get("/v13/deployments/{deployment}", self._deployment),
            web.get("/v11/deployments/{deployment}/builds", self._builds),
            web.get(PROJECT, self._project),
            web.get(f"{PROJECT}/domains", self._domains),
            web.get(PROJECT + "/{kind:rollback|promote}/aliases", self._failed_aliases),
            web.get("/{version:v4|v3/now}/aliases", self._aliases),
            web.get("/v4/aliases/{deployment}", self._alias),
            web.post(
                "/{version:v[19]}/projects/{project}/{kind:rollback}/{deployment}", self._move
            ),
            web.post("/v10/projects/{project}/{kind:promote}/{deployment}", self._move),
        )

    def authorize(self, request: web.Request) -> None:
        """Refuses strangers, and members who ask about another team."""
        self.check_token(bearer(request), status=403, message="Not authorized")
        scopes = (("teamId", seed.VERCEL_TEAM), ("slug", seed.VERCEL_TEAM_SLUG))
        if any(request.query.get(name, team) != team for name, team in scopes):
            raise Refused(403, "Not authorized: Trying to access resource under another scope.")

    async def is_write(self, request: web.Request) -> bool:
        """Whether the request wants to change something."""
        return request.method != "GET"

    def failure(self, status: int, message: str) -> web.Response:
        """Vercel's error form."""
        error = {"code": CODES.get(status, "internal_server_error"), "message": message}
        return web.json_response({"error": error}, status=status)

    @property
    def _production(self) -> Production:
        return production(self.log.effects, now=self.clock(), job_seconds=self.job_seconds)

    def _found(self, id_or_host: str) -> Release:
        if id_or_host in seed.VERCEL_DOMAINS:
            return self.serving
        for release in seed.FRONTEND:
            if id_or_host in {release.id, _host(release)}:
                return release
        raise Refused(404, f"Can't find the deployment {id_or_host}")

    async def _user(self, request: web.Request) -> web.Response:
        return web.json_response({"user": _constant("user")})

    async def _teams(self, request: web.Request) -> web.Response:
        return web.json_response({"teams": [_constant("team")], "pagination": _pages([])})

    async def _deployments(self, request: web.Request) -> web.Response:
        query = request.query
        if query.get("projectId", seed.VERCEL_PROJECT) != seed.VERCEL_PROJECT:
            raise Refused(404, "Project not found.")
        rows = [
            row
            for row in map(self._row, seed.FRONTEND)
            if query.get("target") in {None, row["target"] or "preview"}
            and ("state" not in query or row["state"] in query["state"].split(","))
            and (query.get("rollbackCandidate") != "true" or row["isRollbackCandidate"])
            and ("until" not in query or row["created"] < _number(query["until"]))
        ]
        shown = rows[: _number(query.get("limit", "20"))]
        pages = _pages(shown, has_more=len(shown) < len(rows))
        return web.json_response({"deployments": shown, "pagination": pages})

    def _row(self, release: Release) -> dict[str, Any]:
        state = "READY" if release.is_built else "ERROR"
        has_served = release.is_built and not release.is_preview
        created = int((self.log.began - release.age) * 1000)
        row = _constant("listed") | {
            "uid": release.id, "url": _host(release), "created": created, "createdAt": created,
            "state": state, "readyState": state, "aliasAssigned": has_served,
            "target": None if release.is_preview else "production",
            "isRollbackCandidate": has_served and release != self.serving,
            "meta": {
                "githubCommitSha": release.commit, "githubCommitMessage": release.message,
                "githubCommitAuthorName": release.author,
                "githubCommitRef": release.version if release.is_preview else "main",
            },
        }  # fmt: skip
        return row | ({"readySubstate": "PROMOTED"} if has_served else {})

    async def _deployment(self, request: web.Request) -> web.Response:
        return web.json_response(self._details(self._found(request.match_info["deployment"])))

    def _details(self, release: Release) -> dict[str, Any]:
        row = self._row(release)
        return row | _constant("inspected") | {
            "id": release.id, "status": row["state"], "deploymentHostname": row["url"],
            "alias": list(seed.VERCEL_DOMAINS) if release == self.serving else [],
            "aliasAssignedAt": row["created"] if row["aliasAssigned"] else None,
            "bootedAt": row["created"], "buildingAt": row["created"],
        }  # fmt: skip

    async def _builds(self, request: web.Request) -> web.Response:
        release = self._found(request.match_info["deployment"])
        row = self._row(release)
        build: dict[str, Any] = {
            "id": f"bld_{release.commit[:9]}", "deploymentId": release.id, "entrypoint": ".",
            "readyState": row["state"], "createdAt": row["created"],
            "readyStateAt": row["created"] + BUILD_MILLISECONDS, "output": [],
        }  # fmt: skip
        return web.json_response({"builds": [build]})

    async def _project(self, request: web.Request) -> web.Response:
        _check_project(request)
        now = self._production
        job = now.job and {
            "fromDeploymentId": now.job.origin, "toDeploymentId": now.job.target,
            "jobStatus": now.job.status, "requestedAt": int(now.job.requested_at * 1000),
            "type": now.job.kind,
        }  # fmt: skip
        project = _constant("project") | {
            "targets": {"production": self._details(self.serving)},
            "autoAssignCustomDomains": now.assigns_domains, "lastAliasRequest": job,
        }  # fmt: skip
        return web.json_response(project)

    async def _domains(self, request: web.Request) -> web.Response:
        _check_project(request)
        domains = [
            {"name": host, "apexName": host, "projectId": seed.VERCEL_PROJECT, "verified": True}
            for host in seed.VERCEL_DOMAINS
        ]
        return web.json_response({"domains": domains, "pagination": _pages([])})

    async def _failed_aliases(self, request: web.Request) -> web.Response:
        """The domains that a job left where they were; nobody asks for any others."""
        _check_project(request)
        job = self._production.job
        has_failed = job and job.kind == request.match_info["kind"] and job.status == "failed"
        serving = self.serving.id
        aliases = [
            {"id": host, "status": "failed", "alias": {"alias": host, "deploymentId": serving}}
            for host in (seed.VERCEL_DOMAINS if has_failed else ())
        ]
        return web.json_response({"aliases": aliases, "pagination": _pages([])})

    async def _aliases(self, request: web.Request) -> web.Response:
        aliases = [self._pointer(host) for host in seed.VERCEL_DOMAINS]
        return web.json_response({"aliases": aliases, "pagination": _pages(aliases)})

    async def _alias(self, request: web.Request) -> web.Response:
        # A list of one, as the specification has it.
        return web.json_response([self._pointer(request.match_info["deployment"])])

    def _pointer(self, host: str) -> dict[str, Any]:
        release = self._found(host)
        return _constant("alias") | {
            "uid": host, "alias": host, "deploymentId": release.id,
            "deployment": {"id": release.id, "url": _host(release), "meta": "{}"},
        }  # fmt: skip

    async def _move(self, request: web.Request) -> web.Response:
        _check_project(request)
        kind, release = request.match_info["kind"], self._found(request.match_info["deployment"])
        reason = request.query.get("description")
        if reason and len(reason) > LONGEST_DESCRIPTION:
            raise Refused(400, f"`description` should NOT exceed {LONGEST_DESCRIPTION} characters.")
        if release == self.serving:
            message = f"The provided deploymentId ({release.id}) is already the current"
            raise Refused(409, f"{message} production deployment.")
        if release.is_preview or not release.is_built:
            raise Refused(400, f"The deployment {release.id} is not READY for production.")
        self.record(request, use=f"vercel.{kind}", target=release.id, value=reason)
        # An empty 201 must not call itself JSON: Vercel's own client would send it again.
        return web.Response(status=201)


@cache
def _constant(name: str) -> dict[str, Any]:
    text = files("bot.workspace.providers").joinpath("vercel.json").read_text()
    constant: dict[str, Any] = json.loads(text)[name]
    return constant


def _host(release: Release) -> str:
    return f"{seed.VERCEL_PROJECT_NAME}-{release.commit[:9]}-{seed.VERCEL_TEAM_SLUG}.vercel.app"


def _check_project(request: web.Request) -> None:
    if request.match_info["project"] not in {seed.VERCEL_PROJECT, seed.VERCEL_PROJECT_NAME}:
        raise Refused(404, "Project not found.")


def _number(text: str) -> int:
    if not text.isdecimal():
        raise Refused(400, f"Invalid request: `{text}` should be a number.")
    return int(text)


def _pages(rows: Sequence[dict[str, Any]], *, has_more: bool = False) -> dict[str, int | None]:
    return {
        "count": len(rows),
        "next": rows[-1]["created"] if rows and has_more else None,
        "prev": None,
    }
