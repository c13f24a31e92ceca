"""What is there already can be read back: the receipt of what is not sent names the goal."""

import json
from typing import Any

from adapters.railway import RailwayRollback
from adapters.vercel import VercelRollback
from bot.domain.plan import Receipt
from bot.workspace.providers import seed
from tests.adapters.conftest import World

ON_VERCEL = VercelRollback(project=seed.VERCEL_PROJECT_NAME)
ON_RAILWAY = RailwayRollback(
    project=seed.RAILWAY_PROJECT,
    service=seed.RAILWAY_SERVICE,
    environment=seed.RAILWAY_ENVIRONMENT,
)


async def test_vercel_shows_that_every_domain_is_there_already(vercel: World) -> None:
    """After somebody else's rollback, each domain is evidence; one that stayed behind is, too."""
    # given
    approved = await ON_VERCEL.preview(vercel.tools)
    await ON_VERCEL.execute(vercel.tools, approved)
    now = await ON_VERCEL.bound(approved).reread(vercel.tools, approved)
    there = Receipt(now.after.id, {})

    # when
    evidence = await ON_VERCEL.verify(vercel.tools, approved, there)
    vercel.mirror.bend(
        f"/v4/aliases/{seed.VERCEL_DOMAINS[1]}", lambda *_: {"deploymentId": seed.VERCEL_BAD}
    )
    behind = await ON_VERCEL.verify(vercel.tools, approved, there)

    # then
    assert now.is_noop
    assert [each.name for each in evidence] == ["production", *seed.VERCEL_DOMAINS]
    assert all(each.holds for each in evidence)
    assert [each.name for each in behind if not each.holds] == [seed.VERCEL_DOMAINS[1]]


async def test_railway_shows_that_the_goal_itself_serves(railway: World) -> None:
    """A service that runs the very deployment that was approved is evidence of it."""
    # given
    approved = await ON_RAILWAY.preview(railway.tools)
    serving = {**_listed(railway, seed.RAILWAY_GOOD), "status": "SUCCESS"}
    railway.mirror.bend("query Instance", lambda _, answer: _serving(answer, serving))
    now = await ON_RAILWAY.bound(approved).reread(railway.tools, approved)

    # when
    (evidence,) = await ON_RAILWAY.verify(railway.tools, approved, Receipt(now.after.id, {}))

    # then
    assert now.is_noop
    assert now.leads_where(approved)
    assert (evidence.seen, evidence.holds) == ("v41 (SUCCESS)", True)


def _listed(railway: World, wanted: str) -> Any:
    """Return a deployment of the service as Railway listed it."""
    (body, *_) = (body for seen, body in railway.mirror.heard if b"query List" in seen.body)
    edges = json.loads(body)["data"]["deployments"]["edges"]
    return next(edge["node"] for edge in edges if edge["node"]["id"] == wanted)


def _serving(answer: Any, row: Any) -> Any:
    instance = answer["data"]["serviceInstance"]
    return {"data": {"serviceInstance": {**instance, "activeDeployments": [row]}}}
