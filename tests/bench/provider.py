"""Vercel and Railway as far as the adapters read them, answering at once or from far away.

The workspace's own providers hold one project each, and sixty-four rollbacks at once need as many:
a rollback locks what it changes. These hold any project and remember when each was written to.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

from aiohttp import web

_PATIENCE: Final = 90.0
_NOW: Final = time.time()
_COMMITS: Final = {"v41": "41" * 20, "v42": "42" * 20}


class Provider:
    """Any number of projects at v42, each of which goes back to v41 when told to."""

    def __init__(self) -> None:
        self.url = ""
        self.delay = 0.0  # seconds from a request to its answer
        self.written = defaultdict[str, list[float]](list)  # project -> when writes were taken
        self._news = asyncio.Event()

    async def last_write(self, *projects: str) -> float:
        """Return when the last of these was told to go back, once all were, each of them once."""
        async with asyncio.timeout(_PATIENCE):
            while not all(self.written[project] for project in projects):
                self._news.clear()
                await self._news.wait()
        writes = [self.written[project] for project in projects]
        if any(len(times) > 1 for times in writes):
            raise ValueError(f"{projects} were written to more than once: {writes}")
        return max(times[0] for times in writes)

    @asynccontextmanager
    async def serve(self) -> AsyncGenerator["Provider"]:
        """Listen on a free port as long as the block lasts."""
        app = web.Application(middlewares=[self._distance])
        app.add_routes(
            [
                web.get("/v9/projects/{project}", self._project),
                web.get("/v9/projects/{project}/domains", self._domains),
                web.get("/v13/deployments/{deployment}", self._deployment),
                web.get("/v6/deployments", self._deployments),
                web.get("/v4/aliases/{project}.example", self._alias),
                web.post("/v1/projects/{project}/rollback/{deployment}", self._rollback),
                web.post("/graphql/v2", self._graphql),
            ]
        )
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield self
        finally:
            await runner.cleanup()

    @web.middleware
    async def _distance(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if self.delay:
            await asyncio.sleep(self.delay)
        answer: web.StreamResponse = await handler(request)
        return answer

    def _write(self, project: str) -> None:
        self.written[project].append(time.perf_counter())
        self._news.set()

    def _serving(self, project: str) -> str:
        return f"dpl_{project}_{'v41' if self.written[project] else 'v42'}"

    async def _project(self, request: web.Request) -> web.Response:
        project = request.match_info["project"]
        job = {"toDeploymentId": f"dpl_{project}_v41", "jobStatus": "succeeded", "type": "rollback"}
        return web.json_response(
            {
                "id": project,
                "name": project,
                "accountId": "team_bench",
                "targets": {"production": {"id": self._serving(project)}},
                "lastAliasRequest": job | {"requestedAt": time.time() * 1000}
                if self.written[project]
                else None,
            }
        )

    async def _domains(self, request: web.Request) -> web.Response:
        domains = [{"name": f"{request.match_info['project']}.example"}]
        return web.json_response({"domains": domains})

    async def _deployment(self, request: web.Request) -> web.Response:
        return web.json_response(_build(request.match_info["deployment"]))

    async def _deployments(self, request: web.Request) -> web.Response:
        return web.json_response({"deployments": [_build(f"dpl_{request.query['projectId']}_v41")]})

    async def _alias(self, request: web.Request) -> web.Response:
        serving = self._serving(request.match_info["project"])
        return web.json_response([{"deploymentId": serving}])

    async def _rollback(self, request: web.Request) -> web.Response:
        self._write(request.match_info["project"])
        return web.Response(status=201)

    async def _graphql(self, request: web.Request) -> web.Response:
        asked = await request.json()
        operation = asked["query"].split("(")[0].split()[-1]
        given = asked["variables"]
        service = given.get("service") or given.get("input", {}).get("serviceId", "")
        rows = self._services(service)
        match operation:
            case "Instance":
                known = {"activeDeployments": rows[:1], "latestDeployment": rows[0]}
                answer: Any = {"serviceName": service, **known}
            case "List":
                answer = {"edges": [{"node": row} for row in rows]}
                answer |= {"pageInfo": {"hasNextPage": False}}
            case "One":
                service = given["id"].split(".")[0]
                answer = next(row for row in self._services(service) if row["id"] == given["id"])
            case "AutoDeploy":
                answer = {"enabled": True}
            case _:
                self._write(given["id"].split(".")[0])
                answer = True
        return web.json_response({"data": {operation: answer}})

    def _services(self, service: str) -> list[dict[str, Any]]:
        """Return a service's deployments, the active one first."""
        rows = [_deploy(service, "v42", age=10), _deploy(service, "v41", age=20)]
        if self.written[service]:
            rows.insert(0, _deploy(service, "v41", age=0, number=43))
        return rows


def _build(deployment: str) -> dict[str, Any]:
    version = deployment[-3:]
    return {
        "id": deployment,
        "createdAt": (_NOW - (60 if version == "v42" else 3600)) * 1000,
        "projectId": deployment.split("_")[1],
        "target": "production",
        "readyState": "READY",
        "isRollbackCandidate": True,
        "meta": {"githubCommitSha": _COMMITS[version], "githubCommitMessage": version},
    }


def _deploy(service: str, version: str, *, age: float, number: int | None = None) -> dict[str, Any]:
    made_at = time.gmtime(_NOW - age * 60)
    return {
        "id": f"{service}.{number or version[1:]}",
        "status": "SUCCESS" if number or version == "v42" else "REMOVED",
        "createdAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", made_at),
        "canRollback": version == "v41",
        "meta": {"commitHash": _COMMITS[version], "image": f"registry.example/shop:{version}"},
    }
