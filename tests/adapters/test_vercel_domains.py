"""``vercel.rollback`` looks at every domain that production serves."""

from typing import Any

import pytest
from aiohttp import web

from adapters.vercel import VercelRollback
from bot.domain.plan import Preview
from bot.workspace.providers import seed
from tests.adapters.conftest import World
from tests.adapters.mirror import Seen

ROLLBACK = VercelRollback(project=seed.VERCEL_PROJECT_NAME)


@pytest.fixture
async def preview(vercel: World) -> Preview:
    """What was approved: from the bad deployment to the good one."""
    return await ROLLBACK.preview(vercel.tools)


async def test_every_domain_is_verified(vercel: World, preview: Preview) -> None:
    """One custom domain that stayed behind is enough to say that it is not done."""
    receipt = await ROLLBACK.execute(vercel.tools, preview)
    vercel.mirror.bend(
        f"/v4/aliases/{seed.VERCEL_DOMAINS[1]}", lambda *_: {"deploymentId": seed.VERCEL_BAD}
    )

    evidence = await ROLLBACK.verify(vercel.tools, preview, receipt)

    assert {each.name: each.holds for each in evidence} == {
        "production": True,
        seed.VERCEL_DOMAINS[0]: True,
        seed.VERCEL_DOMAINS[1]: False,
    }


@pytest.mark.parametrize(
    ("answer", "seen"),
    [
        ({"deploymentId": seed.VERCEL_GOOD}, "v41"),
        ([{"deployment": {"id": seed.VERCEL_GOOD}}], "v41"),
        ([{"deploymentId": "dpl_other"}], "dpl_other"),
        ([], "no deployment"),
        (web.json_response({}, status=404), "v41"),  # then the host itself is asked
    ],
)
async def test_forms_of_an_alias(
    vercel: World, preview: Preview, answer: object, seen: str
) -> None:
    """An alias is understood as a list, as an object, and by asking its host instead."""
    receipt = await ROLLBACK.execute(vercel.tools, preview)
    vercel.mirror.bend("/v4/aliases/shop.example", lambda *_: answer)

    evidence = await ROLLBACK.verify(vercel.tools, preview, receipt)

    assert evidence[-1].seen == seen


async def test_a_domain_that_follows_late_is_waited_for(vercel: World, preview: Preview) -> None:
    """Verification looks again for a moment before it says no."""
    receipt = await ROLLBACK.execute(vercel.tools, preview)
    looks = iter([seed.VERCEL_BAD, seed.VERCEL_BAD])
    vercel.mirror.bend(
        "/v4/aliases/shop.example",
        lambda *_: {"deploymentId": next(looks, seed.VERCEL_GOOD)},
    )

    evidence = await ROLLBACK.verify(vercel.tools, preview, receipt)

    assert all(each.holds for each in evidence)


async def test_redirects_and_unverified_domains_serve_nothing(
    vercel: World, preview: Preview
) -> None:
    """Domains that only redirect, or that are not ours yet, are not asked what they serve."""
    receipt = await ROLLBACK.execute(vercel.tools, preview)

    def more(_seen: Seen, answer: Any) -> Any:
        extra = [
            {"name": "www.shop.example", "redirect": "shop.example", "verified": True},
            {"name": "not-yet.example", "verified": False},
        ]
        return {"domains": [*answer["domains"], *extra], "pagination": answer["pagination"]}

    vercel.mirror.bend("/domains", more)

    evidence = await ROLLBACK.verify(vercel.tools, preview, receipt)

    assert [each.name for each in evidence] == ["production", *seed.VERCEL_DOMAINS]
