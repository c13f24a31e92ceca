"""The Vercel-compatible provider."""

from typing import Any

import pytest

from bot.workspace.providers import seed
from bot.workspace.providers.effects import read_effects
from tests.bot.workspace.providers.conftest import JOB_SECONDS, Running, rollback_path

PROJECT = f"/v9/projects/{seed.VERCEL_PROJECT}"
PROMOTE = f"/v10/projects/{seed.VERCEL_PROJECT}/promote"


async def project(vercel: Running) -> dict[str, Any]:
    """Return the project with its state of rollback."""
    answer = await vercel.api.get(PROJECT, params={"rollbackInfo": "true"})
    state: dict[str, Any] = answer.json()
    return state


async def listed(vercel: Running, **query: str) -> list[str]:
    """Return the ids of the deployments that match."""
    answer = await vercel.api.get("/v6/deployments", params=query)
    return [row["uid"] for row in answer.json()["deployments"]]


@pytest.mark.parametrize("header", [None, b"", b"Bearer", b"Bearer wrong", b"Bearer \xfc"])
async def test_strangers_learn_nothing(vercel: Running, header: bytes | None) -> None:
    """Without the token nothing is told, not even whether a path exists."""
    del vercel.api.headers["Authorization"]
    headers = {} if header is None else {b"Authorization": header}

    answer = await vercel.api.get("/v2/user", headers=headers)
    unknown = await vercel.api.get("/v99/nothing", headers=headers)

    assert (answer.status_code, unknown.status_code) == (403, 403)
    assert answer.json()["error"]["code"] == "forbidden"


async def test_other_teams_are_out_of_scope(vercel: Running) -> None:
    """The token is good for one team."""
    inside = await vercel.api.get(PROJECT, params={"teamId": seed.VERCEL_TEAM})
    outside = await vercel.api.get(PROJECT, params={"teamId": "team_other"})

    assert (inside.status_code, outside.status_code) == (200, 403)


async def test_deployments_are_filtered(vercel: Running) -> None:
    """Target, state and eligibility narrow the list as Vercel narrows it."""
    built = [seed.VERCEL_BAD, seed.VERCEL_GOOD, seed.VERCEL_OLDER]

    assert len(await listed(vercel)) == 5
    assert await listed(vercel, target="production", state="READY") == built
    assert await listed(vercel, state="ERROR,CANCELED") == [seed.VERCEL_UNBUILT]
    assert await listed(vercel, target="preview") == [seed.VERCEL_PREVIEW]
    assert await listed(vercel, rollbackCandidate="true") == built[1:]


async def test_pages_follow_each_other(vercel: Running) -> None:
    """`until` continues exactly where the page before ended."""
    seen: list[str] = []
    query: dict[str, str] = {"limit": "2"}
    while True:
        page = (await vercel.api.get("/v6/deployments", params=query)).json()
        seen += [row["uid"] for row in page["deployments"]]
        if page["pagination"]["next"] is None:
            break
        query["until"] = str(page["pagination"]["next"])

    assert seen == [release.id for release in seed.FRONTEND]


async def test_shop_is_broken_at_first(vercel: Running) -> None:
    """Visitors get a white screen that names the bad version."""
    page, health = await vercel.site.get("/"), await vercel.site.get("/health")

    assert (page.status_code, health.status_code) == (500, 500)
    assert seed.BAD_VERSION in page.text
    assert health.json() == {"status": "unhealthy", "version": seed.BAD_VERSION}


@pytest.mark.parametrize("version", ["v1", "v9"])
async def test_rollback_moves_production_by_a_job(vercel: Running, version: str) -> None:
    """The job goes from pending to succeeded; only then visitors get the good version."""
    path = rollback_path(seed.VERCEL_GOOD, version)

    answer = await vercel.api.post(path, params={"description": "Cart is down"})
    requested = int(vercel.clock() * 1000)
    seen = [(await project(vercel))["lastAliasRequest"]["jobStatus"]]
    for _ in range(2):
        vercel.clock.now += JOB_SECONDS / 2
        seen.append((await project(vercel))["lastAliasRequest"]["jobStatus"])
    after = await project(vercel)

    assert (answer.status_code, answer.content) == (201, b"")
    assert "json" not in answer.headers.get("Content-Type", "")
    assert seen == ["pending", "in-progress", "succeeded"]
    assert after["lastAliasRequest"] == {
        "fromDeploymentId": seed.VERCEL_BAD,
        "toDeploymentId": seed.VERCEL_GOOD,
        "jobStatus": "succeeded",
        "requestedAt": requested,
        "type": "rollback",
    }
    assert after["targets"]["production"]["id"] == seed.VERCEL_GOOD
    assert [effect.value for effect in read_effects(vercel.log)] == ["Cart is down"]
    assert (await vercel.site.get("/health")).json()["status"] == "healthy"


async def test_every_domain_shows_the_deployment_that_serves(vercel: Running) -> None:
    """Alias and host look-ups are reads of their own, and agree after the job only."""
    await vercel.api.post(rollback_path(seed.VERCEL_GOOD))
    for served in (seed.VERCEL_BAD, seed.VERCEL_GOOD):
        for host in seed.VERCEL_DOMAINS:
            alias = (await vercel.api.get(f"/v4/aliases/{host}")).json()[0]
            deployment = (await vercel.api.get(f"/v13/deployments/{host}")).json()
            assert alias["deploymentId"] == deployment["id"] == served
        vercel.clock.now += JOB_SECONDS


async def test_rollback_stops_auto_assignment_and_promote_starts_it(vercel: Running) -> None:
    """New builds stay off production from a rollback until something is promoted."""
    seen = [(await project(vercel))["autoAssignCustomDomains"]]
    for path in (rollback_path(seed.VERCEL_GOOD), f"{PROMOTE}/{seed.VERCEL_BAD}"):
        assert (await vercel.api.post(path, json={})).status_code == 201
        vercel.clock.now += JOB_SECONDS
        seen.append((await project(vercel))["autoAssignCustomDomains"])

    assert seen == [True, False, True]
    assert [use for use, _ in vercel.uses()] == ["vercel.rollback", "vercel.promote"]


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (seed.VERCEL_BAD, 409),
        (seed.VERCEL_DOMAINS[0], 409),
        (seed.VERCEL_UNBUILT, 400),
        (seed.VERCEL_PREVIEW, 400),
        ("dpl_unknown", 404),
    ],
)
@pytest.mark.parametrize("path", [rollback_path(""), f"{PROMOTE}/"])
async def test_unfit_deployments_are_refused(
    vercel: Running, path: str, target: str, status: int
) -> None:
    """What serves already, never served, was not built or is unknown takes no effect."""
    answer = await vercel.api.post(path + target)

    assert (answer.status_code, vercel.uses()) == (status, [])


async def test_long_description_is_refused(vercel: Running) -> None:
    """250 characters are Vercel's limit."""
    path = rollback_path(seed.VERCEL_GOOD)

    too_long = await vercel.api.post(path, params={"description": "x" * 251})
    longest = await vercel.api.post(path, params={"description": "x" * 250})

    assert (too_long.status_code, longest.status_code) == (400, 201)


async def test_failed_job_leaves_production_alone(vercel: Running) -> None:
    """The failed aliases are listed, and the bad version goes on serving."""
    await vercel.misbehave(kind="fail_job")
    await vercel.api.post(rollback_path(seed.VERCEL_GOOD))
    vercel.clock.now += JOB_SECONDS

    failed = await vercel.api.get(f"{PROJECT}/rollback/aliases", params={"failedOnly": "true"})

    assert (await project(vercel))["lastAliasRequest"]["jobStatus"] == "failed"
    assert [row["alias"] for row in failed.json()["aliases"]] == [
        {"alias": host, "deploymentId": seed.VERCEL_BAD} for host in seed.VERCEL_DOMAINS
    ]
    assert (await vercel.site.get("/health")).json()["version"] == seed.BAD_VERSION


async def test_nothing_is_listed_as_failed_after_a_good_rollback(vercel: Running) -> None:
    """Neither among the aliases of the rollback, nor among those of a promotion."""
    await vercel.api.post(rollback_path(seed.VERCEL_GOOD))
    vercel.clock.now += JOB_SECONDS

    for kind in ("rollback", "promote"):
        failed = await vercel.api.get(f"{PROJECT}/{kind}/aliases", params={"failedOnly": "true"})
        assert failed.json()["aliases"] == []


async def test_unknown_things_are_not_found(vercel: Running) -> None:
    """Errors have Vercel's form on every path."""
    paths = ["/v9/projects/prj_other", "/v13/deployments/dpl_other", "/v99/nothing"]

    answers = [await vercel.api.get(path) for path in paths]

    assert {answer.json()["error"]["code"] for answer in answers} == {"not_found"}
    assert {answer.status_code for answer in answers} == {404}
