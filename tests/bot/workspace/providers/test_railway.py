"""The Railway-compatible provider."""

from typing import Any

import pytest

from bot.workspace.providers import seed
from tests.bot.workspace.providers.conftest import JOB_SECONDS, Running

LIST = """query($input:DeploymentListInput!,$first:Int,$after:String){
  deployments(input:$input,first:$first,after:$after){
    edges{node{id status canRollback meta}} pageInfo{hasNextPage endCursor}}}"""
CURRENT = """query($e:String!,$s:String!){serviceInstance(environmentId:$e,serviceId:$s){
  activeDeployments{id status} latestDeployment{id status canRollback}}}"""
ROLLBACK = "mutation($id:String!){deploymentRollback(id:$id)}"
SERVICE = {
    "projectId": seed.RAILWAY_PROJECT,
    "environmentId": seed.RAILWAY_ENVIRONMENT,
    "serviceId": seed.RAILWAY_SERVICE,
}


async def deployments(railway: Running, **asked: Any) -> list[dict[str, Any]]:
    """Return the deployments of the backend, newest first."""
    answer = await railway.ask(LIST, input=SERVICE | asked)
    return [edge["node"] for edge in answer["data"]["deployments"]["edges"]]


async def current(railway: Running) -> dict[str, Any]:
    """Return the active and the latest deployment."""
    answer = await railway.ask(CURRENT, e=seed.RAILWAY_ENVIRONMENT, s=seed.RAILWAY_SERVICE)
    instance: dict[str, Any] = answer["data"]["serviceInstance"]
    return instance


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({}, "Not Authorized"),
        ({"Authorization": "Bearer wrong"}, "Not Authorized"),
        ({"Project-Access-Token": "wrong"}, "Project Token not found"),
    ],
)
async def test_strangers_get_an_error_with_status_200(
    railway: Running, headers: dict[str, str], message: str
) -> None:
    """Railway's refusal looks like a success to whoever reads the status only."""
    del railway.api.headers["Authorization"]
    railway.api.headers.update(headers)

    answer = await railway.ask(ROLLBACK, id=seed.RAILWAY_GOOD)

    assert answer["errors"][0]["message"] == message
    assert railway.uses() == []


async def test_backend_is_broken_at_first(railway: Running) -> None:
    """The health says what is wrong, and what is not."""
    health = await railway.site.get("/api/health")

    assert health.status_code == 500
    assert health.json() == {
        "status": "unhealthy",
        "version": seed.BAD_VERSION,
        "services": {"database": "up"},
    }


async def test_only_kept_images_can_be_rolled_back_to(railway: Running) -> None:
    """A failed build and an image that is gone are no candidates, nor is what runs."""
    rows = await deployments(railway)

    assert [row["id"] for row in rows if row["canRollback"]] == [
        seed.RAILWAY_GOOD,
        seed.RAILWAY_OLDER,
    ]
    assert [row["status"] for row in rows] == [
        "SUCCESS",
        "REMOVED",
        "FAILED",
        "REMOVED",
        "REMOVED",
    ]


async def test_deployments_are_filtered_and_paged(railway: Running) -> None:
    """Statuses narrow the list, and a cursor continues it."""
    failed = await deployments(railway, status={"in": ["FAILED"]})
    removed = await deployments(railway, status={"in": ["REMOVED", "REMOVING"]})
    first = (await railway.ask(LIST, input=SERVICE, first=2))["data"]["deployments"]
    cursor = first["pageInfo"]["endCursor"]
    second = (await railway.ask(LIST, input=SERVICE, after=cursor))["data"]["deployments"]

    assert [row["id"] for row in failed] == [seed.RAILWAY_UNBUILT]
    assert len(removed) == 3
    assert first["pageInfo"]["hasNextPage"]
    assert not second["pageInfo"]["hasNextPage"]
    assert [edge["node"]["id"] for edge in first["edges"] + second["edges"]] == [
        release.id for release in seed.BACKEND
    ]


async def test_rollback_is_a_new_deployment(railway: Running) -> None:
    """It says only true; a new deployment of the old image succeeds and removes the bad one."""
    answer = await railway.ask(ROLLBACK, id=seed.RAILWAY_GOOD)
    seen = [(await current(railway))["latestDeployment"]["status"]]
    served_meanwhile = (await railway.site.get("/api/health")).json()["version"]
    for _ in range(2):
        railway.clock.now += JOB_SECONDS / 2
        seen.append((await current(railway))["latestDeployment"]["status"])
    new, bad, *_ = await deployments(railway)

    assert answer["data"] == {"deploymentRollback": True}
    assert seen == ["INITIALIZING", "DEPLOYING", "SUCCESS"]
    assert served_meanwhile == seed.BAD_VERSION
    assert (await current(railway))["activeDeployments"] == [{"id": new["id"], "status": "SUCCESS"}]
    assert new["id"] not in {release.id for release in seed.BACKEND}
    assert new["meta"]["commitHash"] == seed.BACKEND[1].commit
    assert (bad["id"], bad["status"]) == (seed.RAILWAY_BAD, "REMOVED")
    assert (await railway.site.get("/api/health")).json()["status"] == "healthy"


async def test_rollback_repeated_deploys_again(railway: Running) -> None:
    """Railway does not notice a repetition; the effects do."""
    for _ in range(2):
        await railway.ask(ROLLBACK, id=seed.RAILWAY_GOOD)

    assert railway.uses() == [("railway.rollback", seed.RAILWAY_GOOD)] * 2
    assert len(await deployments(railway)) == len(seed.BACKEND) + 2


@pytest.mark.parametrize(
    "target", [seed.RAILWAY_BAD, seed.RAILWAY_UNBUILT, seed.RAILWAY_EXPIRED, "unknown"]
)
async def test_unfit_deployments_are_refused(railway: Running, target: str) -> None:
    """What runs, never ran, lost its image or is unknown takes no effect."""
    answer = await railway.ask(ROLLBACK, id=target)

    assert answer["errors"]
    assert railway.uses() == []


async def test_failed_deployment_leaves_the_old_one_active(railway: Running) -> None:
    """A rollback may fail after Railway said true."""
    await railway.misbehave(kind="fail_job")
    await railway.ask(ROLLBACK, id=seed.RAILWAY_GOOD)
    railway.clock.now += JOB_SECONDS

    instance = await current(railway)

    assert instance["latestDeployment"]["status"] == "FAILED"
    assert instance["activeDeployments"] == [{"id": seed.RAILWAY_BAD, "status": "SUCCESS"}]


async def test_other_services_are_out_of_reach(railway: Running) -> None:
    """The token is good for one service in one environment."""
    answer = await railway.ask(LIST, input=SERVICE | {"environmentId": "other"})

    assert answer["errors"][0]["message"] == "Not Authorized"


@pytest.mark.parametrize(
    "question",
    [
        "mutation($id:String!){deploymentRollback(id:$id){id status}}",
        "query{deployments(input:{status:{successfulOnly:true}}){edges{node{id}}}}",
        "query{",
    ],
)
async def test_wrong_questions_are_errors(railway: Running, question: str) -> None:
    """Questions that Railway's documentation gets wrong fail here as they do there."""
    answer = await railway.ask(question, id=seed.RAILWAY_GOOD)

    assert answer["errors"]
    assert railway.uses() == []


async def test_too_many_questions_are_told_to_wait(railway: Running) -> None:
    """Over the limit there is a 429 that says when to come back."""
    await railway.misbehave(kind="rate_limit", on="any", seconds=12)

    limited = await railway.api.post("/graphql/v2", json={"query": ROLLBACK})

    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "12")
