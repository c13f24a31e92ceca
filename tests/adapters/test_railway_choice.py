"""``railway.rollback`` chooses a deployment, or says why there is none."""

from typing import Any

import pytest

from adapters.railway import RailwayRollback
from bot.domain.errors import Refusal, Refused, Unreachable
from bot.workspace.providers import seed
from tests.adapters.conftest import World

ROLLBACK = RailwayRollback(
    project=seed.RAILWAY_PROJECT,
    service=seed.RAILWAY_SERVICE,
    environment=seed.RAILWAY_ENVIRONMENT,
)
STAYS_ON = "Auto-deploy stays on: the next push replaces {}."


async def test_the_last_good_one_by_default(railway: World) -> None:
    """Without a name, the newest deployment that ran before the current one is chosen."""
    preview = await ROLLBACK.preview(railway.tools)

    assert (preview.before.id, preview.after.id) == (seed.RAILWAY_BAD, seed.RAILWAY_GOOD)
    assert (preview.before.label, preview.after.label) == ("v42", "v41")
    assert preview.subject == "Railway api"
    assert preview.resource == (
        f"railway:service/{seed.RAILWAY_SERVICE}/{seed.RAILWAY_ENVIRONMENT}"
    )
    assert preview.comes_back == ("code (“Retry payment webhooks”)", "variables of that deployment")
    assert preview.stays_lost == ("what was written to databases and volumes since",)
    assert preview.undo == "roll forward to v42 again, about 1 min"
    assert preview.warnings == (STAYS_ON.format("v41"),)


async def test_a_bound_action_holds_ids(railway: World) -> None:
    """What a plan keeps can't come to mean another deployment."""
    preview = await ROLLBACK.preview(railway.tools)

    bound = ROLLBACK.bound(preview)

    assert bound.to == seed.RAILWAY_GOOD
    assert RailwayRollback.model_validate_json(bound.model_dump_json()) == bound
    assert (await bound.preview(railway.tools)).agrees_with(preview)


async def test_a_name_of_ones_own(railway: World) -> None:
    """The card may call the service what the team calls it."""
    named = ROLLBACK.model_copy(update={"label": "backend"})

    assert (await named.preview(railway.tools)).subject == "Railway backend"


async def test_after_a_rollback_it_goes_further_back(railway: World) -> None:
    """A second rollback never returns to what was rolled back from, although that is newer."""
    await ROLLBACK.execute(railway.tools, await ROLLBACK.preview(railway.tools))

    preview = await ROLLBACK.preview(railway.tools)

    assert (preview.before.label, preview.after.id) == ("v41", seed.RAILWAY_OLDER)
    assert preview.warnings == (
        "v41 was rolled back to before. This goes further back.",
        STAYS_ON.format("v39"),
    )


async def test_after_an_undo_it_goes_to_the_same_one_again(railway: World) -> None:
    """Rolling back, forward, and back again ends at the same code."""
    first = await ROLLBACK.preview(railway.tools)
    receipt = await ROLLBACK.execute(railway.tools, first)
    await ROLLBACK.undo(railway.tools, first, receipt)

    preview = await ROLLBACK.preview(railway.tools)

    assert (preview.before.label, preview.after.id) == ("v42", seed.RAILWAY_GOOD)


@pytest.mark.parametrize("wanted", [seed.RAILWAY_OLDER, "v39", "V39", "e7f6a5b", "e7f6a5b4c3d2"])
async def test_versions_by_name(railway: World, wanted: str) -> None:
    """A version is found by its id, its label and its commit."""
    preview = await ROLLBACK.wanting(wanted).preview(railway.tools)

    assert preview.after.id == seed.RAILWAY_OLDER


async def test_what_serves_already_is_nothing_to_do(railway: World) -> None:
    """Asking for the version that runs is a result, too."""
    assert (await ROLLBACK.wanting("v42").preview(railway.tools)).is_noop


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ("v38", "can't go back to v38: Railway no longer keeps its image. It can go back to v41"),
        ("v40", "can't go back to v40: its deployment is FAILED"),
        ("v99", "has no version “v99”. It can go back to v41, v39. Nothing was changed"),
        ("latest", "has no version “latest”"),
    ],
)
async def test_versions_that_can_not_be_gone_back_to(
    railway: World, wanted: str, sentence: str
) -> None:
    """Each refusal says why, and what can be asked for instead."""
    with pytest.raises(Refused, match=sentence) as refused:
        await ROLLBACK.wanting(wanted).preview(railway.tools)

    assert refused.value.code is Refusal.NOT_PLANNABLE


async def test_a_version_deployed_twice_is_no_riddle(railway: World) -> None:
    """Of two deployments of the same code, neither of which runs, the newer one is taken."""
    first = await ROLLBACK.preview(railway.tools)
    receipt = await ROLLBACK.execute(railway.tools, first)
    await ROLLBACK.undo(railway.tools, first, receipt)

    preview = await ROLLBACK.wanting("v41").preview(railway.tools)

    assert preview.after.id == receipt.reference


async def test_a_version_that_runs_and_ran_before_is_a_riddle(railway: World) -> None:
    """If one of two deployments of the same code runs, the person has to say which is meant."""
    await ROLLBACK.execute(railway.tools, await ROLLBACK.preview(railway.tools))

    with pytest.raises(Refused, match=f"fits 2 deployments of Railway api: .*{seed.RAILWAY_GOOD}"):
        await ROLLBACK.wanting("v41").preview(railway.tools)


async def test_auto_deploy_is_off(railway: World) -> None:
    """Nothing is warned about that can't happen."""
    railway.mirror.bend("query AutoDeploy", _auto_deploy({"enabled": False}))

    assert (await ROLLBACK.preview(railway.tools)).warnings == ()


async def test_auto_deploy_can_not_be_read(railway: World) -> None:
    """What the token may not read is said to be not known."""
    error = {"errors": [{"message": "Not Authorized"}]}
    railway.mirror.bend("query AutoDeploy", lambda *_: error)

    (warning,) = (await ROLLBACK.preview(railway.tools)).warnings

    assert "can't be read" in warning


@pytest.mark.parametrize(
    ("status", "what_of_it"),
    [("BUILDING", "may replace the rolled-back one"), ("FAILED", "does not serve")],
)
async def test_a_newer_deployment_than_what_serves(
    railway: World, status: str, what_of_it: str
) -> None:
    """Approvers learn of a newer deployment that may take over, or that never served."""

    def newer(_seen: object, answer: Any) -> Any:
        instance = answer["data"]["serviceInstance"]
        latest = instance["latestDeployment"] | {
            "id": "newer",
            "status": status,
            "meta": {"commitMessage": "v43: faster carts"},
            "createdAt": "2028-01-01T00:00:00.000Z",
        }
        return {"data": {"serviceInstance": instance | {"latestDeployment": latest}}}

    railway.mirror.bend("query Instance", newer)

    preview = await ROLLBACK.preview(railway.tools)

    assert f"The newest deployment, v43, is {status} and {what_of_it}." in preview.warnings


async def test_nothing_runs(railway: World) -> None:
    """If the bad deployment crashed for good, it is still what is rolled back from."""

    def crashed(_seen: object, answer: Any) -> Any:
        instance = answer["data"]["serviceInstance"]
        latest = instance["latestDeployment"] | {"status": "CRASHED"}
        bent = instance | {"latestDeployment": latest, "activeDeployments": []}
        return {"data": {"serviceInstance": bent}}

    railway.mirror.bend("query Instance", crashed)

    preview = await ROLLBACK.preview(railway.tools)

    assert (preview.before.label, preview.after.label) == ("v42", "v41")
    assert "Nothing runs right now: v42 is CRASHED." in preview.warnings


async def test_a_service_that_was_never_deployed(railway: World) -> None:
    """A service without any deployment can't be rolled back."""
    empty: dict[str, object] = {
        "serviceName": "api",
        "activeDeployments": [],
        "latestDeployment": None,
    }
    railway.mirror.bend("query Instance", lambda *_: {"data": {"serviceInstance": empty}})

    with pytest.raises(Refused, match="was never deployed"):
        await ROLLBACK.preview(railway.tools)


async def test_nothing_older_is_left(railway: World) -> None:
    """A service whose images are all gone has nowhere to go back to."""
    page = {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    railway.mirror.bend("query List", lambda *_: {"data": {"deployments": page}})

    with pytest.raises(Refused, match="no earlier version that it can go back to"):
        await ROLLBACK.preview(railway.tools)


async def test_pages_in_a_circle_end(railway: World) -> None:
    """A list whose next page is the same one again is no list."""
    page = {"edges": [], "pageInfo": {"hasNextPage": True, "endCursor": "again"}}
    railway.mirror.bend("query List", lambda *_: {"data": {"deployments": page}})

    with pytest.raises(Unreachable, match="runs in a circle"):
        await ROLLBACK.preview(railway.tools)

    assert len(railway.mirror.sent("query List")) == 2


def _auto_deploy(status: dict[str, bool]) -> Any:
    return lambda *_: {"data": {"serviceInstanceAutoDeployStatus": status}}
