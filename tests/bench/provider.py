"""A Vercel and a Railway that answer at once, or as if they were far away.

The workspace's own hold one project each; a rollback locks what it changes, so sixty-four at once
need as many. These hold any project, at v42 until it is told to go back to v41, and know when.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final, Self

from aiohttp import web

Json = dict[str, Any]
_BEGAN: Final = time.time()
_AGES: Final = {"v41": 7200, "v42": 3600, "v43": 0}
_PATIENCE: Final = 300.0  # a thousand at once take a while


class Provider:
    """Both providers at one address."""

    def __init__(self) -> None:
        self.url = ""
        self.delay = 0.0  # seconds from a request to its answer
        self._written = defaultdict[str, list[float]](list)  # project -> when a write was accepted
        self._news = asyncio.Event()

    @asynccontextmanager
    async def serve(self) -> AsyncGenerator[Self]:
        """Listen as long as the block lasts; it fails if anything was told to go back twice."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield self
        finally:
            await runner.cleanup()
        if repeated := [name for name, times in self._written.items() if len(times) > 1]:
            raise ValueError(f"told to go back twice: {repeated}")

    async def last_write(self, *projects: str) -> float:
        """Return when the last of these was told to go back, once each of them was."""
        async with asyncio.timeout(_PATIENCE):
            while not all(self._written[project] for project in projects):
                self._news.clear()
                await self._news.wait()
        return max(self._written[project][0] for project in projects)

    async def _handle(self, request: web.Request) -> web.Response:
        question: Json = await request.json() if "graphql" in request.path else {}
        await asyncio.sleep(self.delay)
        match request.method, request.path.strip("/").split("/"):
            case "POST", ["graphql", _]:
                answer: Any = {"data": {"it": self._railway(question)}}
            case "POST", [_, "projects", project, "rollback", _]:
                self._write(project)
                return web.Response(status=201)
            case _, [_, "projects", project]:
                answer = self._project(project)
            case _, [_, "projects", project, "domains"]:
                answer = {"domains": [{"name": f"{project}.example"}]}
            case _, [_, "deployments", deployment]:
                answer = _build(deployment)
            case _, [_, "deployments"]:
                answer = {"deployments": [_build(f"dpl_{request.query['projectId']}_v41")]}
            case _:  # what a domain serves
                project = request.path.rpartition("/")[2].removesuffix(".example")
                answer = [{"deploymentId": self._serving(project)}]
        return web.json_response(answer)

    def _write(self, project: str) -> None:
        self._written[project].append(time.perf_counter())
        self._news.set()

    def _serving(self, project: str) -> str:
        return f"dpl_{project}_{'v41' if self._written[project] else 'v42'}"

    def _project(self, project: str) -> Json:
        serving = {"production": {"id": self._serving(project)}}
        return {"id": project, "name": project, "targets": serving}

    def _railway(self, question: Json) -> Any:
        asked = question["variables"]
        service = asked.get("service") or asked.get("input", asked).get("serviceId")
        service = service or asked["id"].partition(".")[0]
        rows = [_deployment(service, "v42", "v42"), _deployment(service, "v41", "v41")]
        if self._written[service]:
            rows.insert(0, _deployment(service, "v43", "v41"))
        match question["query"].partition("(")[0].split()[1]:
            case "Instance":
                active = {"activeDeployments": rows[:1], "latestDeployment": rows[0]}
                return active | {"serviceName": service}
            case "List":
                edges = [{"node": row} for row in rows]
                return {"edges": edges, "pageInfo": {"hasNextPage": False}}
            case "One":
                return next(row for row in rows if row["id"] == asked["id"])
            case "Rollback":
                self._write(service)
                return True
            case _:  # a token need not be allowed to read more
                return None


def _build(deployment: str) -> Json:
    _, project, version = deployment.split("_")
    known: Json = {"id": deployment, "projectId": project, "target": "production"}
    known |= {"createdAt": (_BEGAN - _AGES[version]) * 1000}
    known |= {"readyState": "READY", "isRollbackCandidate": True}
    return known | {"meta": {"githubCommitSha": version[1:] * 20, "githubCommitMessage": version}}


def _deployment(service: str, name: str, version: str) -> Json:
    made_at = time.gmtime(_BEGAN - _AGES[name])
    known: Json = {"id": f"{service}.{name}", "canRollback": version == "v41"}
    known |= {"createdAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", made_at)}
    known |= {"status": "REMOVED" if name == "v41" else "SUCCESS"}
    return known | {"meta": {"commitHash": version[1:] * 20, "image": f"shop:{version}"}}
