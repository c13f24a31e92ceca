"""``railway.rollback``: asked for once, followed to its end, told truly."""

from typing import Any

import pytest
from aiohttp import web

from adapters.railway import RailwayRollback
from bot.domain.errors import InDoubt, NotApplied, Refused
from bot.domain.plan import Preview, Receipt
from bot.workspace.providers import seed
from tests.adapters.conftest import JOB_SECONDS, World

ROLLBACK = RailwayRollback(
    project=seed.RAILWAY_PROJECT,
    service=seed.RAILWAY_SERVICE,
    environment=seed.RAILWAY_ENVIRONMENT,
)
MUTATION = "mutation Rollback"
DONE = [("railway.rollback", seed.RAILWAY_GOOD)]


@pytest.fixture
async def preview(railway: World) -> Preview:
    """What was approved: from the bad deployment to the good one."""
    return await ROLLBACK.preview(railway.tools)


def with_rows(answer: Any, **fields: Any) -> Any:
    """Replace fields of every deployment in an answer."""
    if isinstance(answer, dict):
        changed = {key: with_rows(value, **fields) for key, value in answer.items()}
        return changed | fields if "canRollback" in answer else changed
    return [with_rows(each, **fields) for each in answer] if isinstance(answer, list) else answer


async def test_it_rolls_back_once(railway: World, preview: Preview) -> None:
    """One mutation is sent, and it counts as done when the service itself runs the old code."""
    receipt = await ROLLBACK.execute(railway.tools, preview)
    (evidence,) = await ROLLBACK.verify(railway.tools, preview, receipt)

    assert railway.effects == DONE
    assert receipt.reference not in {"", seed.RAILWAY_GOOD, seed.RAILWAY_BAD}
    assert receipt.details["status"] == "SUCCESS"
    assert (evidence.name, evidence.seen) == ("Railway api", "v41 (SUCCESS)")
    assert evidence.holds


async def test_the_token_is_a_projects_token(railway: World, preview: Preview) -> None:
    """The token goes where Railway expects one that is good for a single environment."""
    await ROLLBACK.execute(railway.tools, preview)

    (sent,) = railway.mirror.sent(MUTATION)
    assert sent.headers["Project-Access-Token"] == "local-token"
    assert sent.headers["Idempotency-Key"] == "rb-test/api/1"
    assert "Authorization" not in sent.headers


async def test_undo_rolls_forward_again(railway: World, preview: Preview) -> None:
    """Undo deploys what served before, and is verified like the rollback."""
    receipt = await ROLLBACK.execute(railway.tools, preview)

    undone = await ROLLBACK.undo(railway.tools, preview, receipt)
    (evidence,) = await ROLLBACK.verify(railway.tools, preview, undone)

    assert railway.effects == [*DONE, ("railway.rollback", seed.RAILWAY_BAD)]
    assert (evidence.expected, evidence.holds) == ("v42 (SUCCESS)", True)


async def test_the_look_before_the_step_takes_one_round_trip(
    railway: World, preview: Preview
) -> None:
    """Two questions that wait for no answer say that it would still do what was approved."""
    bound = ROLLBACK.bound(preview)
    railway.mirror.seen.clear()

    now = await bound.reread(railway.tools, preview)

    assert now == preview
    assert len(railway.mirror.seen) == 2


async def test_the_service_moved_elsewhere(railway: World, preview: Preview) -> None:
    """The look before the step says so when the service no longer runs what people saw."""
    older = ROLLBACK.wanting("v39")
    await older.execute(railway.tools, await older.preview(railway.tools))

    now = await ROLLBACK.bound(preview).reread(railway.tools, preview)

    assert not now.agrees_with(preview)
    assert now.before.label == "v39"


async def test_an_image_that_is_kept_no_more(railway: World, preview: Preview) -> None:
    """The look before the step refuses a goal whose image Railway dropped in the meantime."""
    railway.mirror.bend("query List", lambda _, answer: with_rows(answer, canRollback=False))

    with pytest.raises(Refused, match="can't go back to v41: Railway no longer keeps its image"):
        await ROLLBACK.bound(preview).reread(railway.tools, preview)


async def test_undo_looks_first(railway: World, preview: Preview) -> None:
    """Undo sends nothing when it is done already, or when the service runs something else."""
    receipt = await ROLLBACK.execute(railway.tools, preview)
    first = await ROLLBACK.undo(railway.tools, preview, receipt)
    effects = railway.effects

    again = await ROLLBACK.undo(railway.tools, preview, receipt)
    older = ROLLBACK.wanting("v39")
    await older.execute(railway.tools, await older.preview(railway.tools))
    with pytest.raises(NotApplied, match=r"left v41 in the meantime\. Nothing was changed"):
        await ROLLBACK.undo(railway.tools, preview, receipt)

    assert again.reference == first.reference
    assert railway.effects == [*effects, ("railway.rollback", seed.RAILWAY_OLDER)]


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("refuse", "Not Authorized. Nothing was changed. .*RAILWAY_TOKEN"),
        ("rate_limit", r"Rate limit exceeded|429.*Nothing was changed"),
    ],
)
async def test_a_no_is_a_no(railway: World, preview: Preview, kind: str, sentence: str) -> None:
    """What Railway turned down had no effect, was not tried again, and is told in its words."""
    await railway.misbehave(kind)

    with pytest.raises(NotApplied, match=sentence):
        await ROLLBACK.execute(railway.tools, preview)

    assert len(railway.mirror.sent(MUTATION)) == 1
    assert railway.effects == []


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        ({"errors": [{"message": "Cannot query field"}]}, NotApplied, "Cannot query field"),
        ({"data": None, "errors": [{"message": "Deployment not found"}]}, NotApplied, "not found"),
        ({"data": {"deploymentRollback": False}}, NotApplied, "did not roll back"),
        ({"data": None, "errors": [{"message": "Problem processing"}]}, InDoubt, "Problem proc"),
        ({"data": {"deploymentRollback": None}}, InDoubt, "without saying"),
        ({"data": None}, InDoubt, "without saying"),
        ([], InDoubt, "something unexpected"),
        (web.Response(text="<html>"), InDoubt, "something unexpected"),
        (web.Response(status=502, text="gateway"), InDoubt, r"gateway \(502"),
        (web.Response(status=400, text="bad"), NotApplied, r"bad \(400"),
    ],
)
async def test_what_an_answer_proves(
    railway: World, preview: Preview, answer: Any, error: type[Exception], sentence: str
) -> None:
    """Only an answer that proves that nothing happened says so; any other is in doubt."""
    railway.mirror.bend(MUTATION, lambda *_: answer)

    with pytest.raises(error, match=sentence):
        await ROLLBACK.execute(railway.tools, preview)

    assert len(railway.mirror.sent(MUTATION)) == 1


async def test_a_lost_answer_is_in_doubt_until_it_is_looked_up(
    railway: World, preview: Preview
) -> None:
    """After a lost answer the probe finds the new deployment, and nothing is sent twice."""
    await railway.misbehave("lose_answer")

    with pytest.raises(InDoubt, match="was asked, but the connection broke"):
        await ROLLBACK.execute(railway.tools, preview)
    receipt = await ROLLBACK.probe(railway.tools, preview)

    assert isinstance(receipt, Receipt)
    assert receipt.details["status"] == "SUCCESS"
    (evidence,) = await ROLLBACK.verify(railway.tools, preview, receipt)
    assert evidence.holds
    assert railway.effects == DONE


async def test_a_server_error_is_in_doubt_until_it_is_looked_up(
    railway: World, preview: Preview
) -> None:
    """After an error of the server the probe finds that nothing happened."""
    await railway.misbehave("server_error")

    with pytest.raises(InDoubt, match="500"):
        await ROLLBACK.execute(railway.tools, preview)

    assert await ROLLBACK.probe(railway.tools, preview) is False
    assert railway.effects == []


async def test_a_railway_that_lies_is_found_out(railway: World, preview: Preview) -> None:
    """If Railway says yes and does nothing, verification says what the service runs."""
    await railway.misbehave("lie")

    receipt = await ROLLBACK.execute(railway.tools, preview)
    (evidence,) = await ROLLBACK.verify(railway.tools, preview, receipt)

    assert receipt.details["status"] == "accepted, never seen"
    assert (evidence.expected, evidence.seen) == ("v41 (SUCCESS)", "v42 (SUCCESS)")
    assert not evidence.holds


async def test_an_old_rollback_is_not_taken_for_ours(railway: World, preview: Preview) -> None:
    """A deployment of the same code that was there before we asked proves nothing."""
    receipt = await ROLLBACK.execute(railway.tools, preview)
    await ROLLBACK.undo(railway.tools, preview, receipt)
    again = await ROLLBACK.preview(railway.tools)
    await railway.misbehave("lie")

    receipt = await ROLLBACK.execute(railway.tools, again)

    assert receipt.details["status"] == "accepted, never seen"
    assert await ROLLBACK.probe(railway.tools, again) is False


async def test_a_deployment_that_failed(railway: World, preview: Preview) -> None:
    """If the new deployment fails and the old one still serves, nothing happened."""
    await railway.misbehave("fail_job")

    with pytest.raises(NotApplied, match=r"ended as FAILED\. v42 still serves"):
        await ROLLBACK.execute(railway.tools, preview)

    assert await ROLLBACK.probe(railway.tools, preview) is False


async def test_a_deployment_that_crashed(railway: World, preview: Preview) -> None:
    """If the new deployment crashes after it took over, verification says so."""
    railway.mirror.bend("query One.*", _as("CRASHED", but=(seed.RAILWAY_GOOD, seed.RAILWAY_BAD)))
    railway.mirror.bend("query Instance", _as("CRASHED", but=(seed.RAILWAY_BAD,)))

    receipt = await ROLLBACK.execute(railway.tools, preview)
    (evidence,) = await ROLLBACK.verify(railway.tools, preview, receipt)

    assert receipt.details["status"] == "CRASHED"
    assert (evidence.seen, evidence.holds) == ("v41 (CRASHED)", False)


@pytest.mark.parametrize("status", ["NEEDS_APPROVAL", "WAITING"])
async def test_a_deployment_that_waits_for_a_person(
    railway: World, preview: Preview, status: str
) -> None:
    """If Railway wants somebody to let the deployment through, people are told where."""
    railway.mirror.bend("query One.*", _as(status, but=(seed.RAILWAY_GOOD, seed.RAILWAY_BAD)))

    with pytest.raises(InDoubt, match=rf"waits for a person \({status}\).*in Railway"):
        await ROLLBACK.execute(railway.tools, preview)
    with pytest.raises(InDoubt, match="waits for a person"):
        await ROLLBACK.probe(railway.tools, preview)


async def test_a_deployment_that_takes_too_long(railway: World, preview: Preview) -> None:
    """A deployment that is still under way at the end of our patience is not called done."""
    railway.mirror.bend("query One.*", _as("DEPLOYING", but=(seed.RAILWAY_GOOD, seed.RAILWAY_BAD)))
    began = railway.clock.seconds

    receipt = await ROLLBACK.execute(railway.tools, preview)

    assert railway.clock.seconds - began >= 360
    assert receipt.details["status"] == "DEPLOYING"


async def test_two_that_run_at_once_are_not_verified(railway: World, preview: Preview) -> None:
    """As long as the bad deployment is active beside the good one, it is not done."""
    receipt = await ROLLBACK.execute(railway.tools, preview)

    def both(_seen: object, answer: Any) -> Any:
        (row,) = answer["data"]["serviceInstance"]["activeDeployments"]
        bad = {**row, "id": seed.RAILWAY_BAD, "meta": {"commitHash": "e1f0a9b", "image": "a:v42"}}
        instance = answer["data"]["serviceInstance"] | {"activeDeployments": [row, bad]}
        return {"data": {"serviceInstance": instance}}

    railway.mirror.bend("query Instance", both)

    (evidence,) = await ROLLBACK.verify(railway.tools, preview, receipt)

    assert (evidence.seen, evidence.holds) == ("v41 (SUCCESS), v42 (SUCCESS)", False)


async def test_deployments_without_a_source(railway: World) -> None:
    """Where Railway names no commit and no image, the new deployment is known by being new."""
    railway.mirror.bend("query (List|One|Instance)", lambda _, answer: with_rows(answer, meta=None))
    preview = await ROLLBACK.preview(railway.tools)

    receipt = await ROLLBACK.execute(railway.tools, preview)
    (evidence,) = await ROLLBACK.verify(railway.tools, preview, receipt)

    assert railway.effects == DONE
    assert evidence.holds
    (unknown,) = await ROLLBACK.verify(railway.tools, preview, Receipt(reference="", details={}))
    assert not unknown.holds
    with pytest.raises(InDoubt, match=r"does not say what .* was made from"):
        await ROLLBACK.probe(railway.tools, preview)


async def test_a_person_may_have_said_that_it_happened(railway: World, preview: Preview) -> None:
    """A step settled by a person without Railway's answer is verified like any other."""
    await ROLLBACK.execute(railway.tools, preview)
    settled = Receipt(reference="", details={"settled_by": "manager-one"})

    (evidence,) = await ROLLBACK.verify(railway.tools, preview, settled)

    assert evidence.holds


def _as(status: str, *, but: tuple[str, ...]) -> Any:
    """Show every deployment with this status, except those that were there before."""

    def change(answer: Any) -> Any:
        if isinstance(answer, dict):
            changed = {key: change(value) for key, value in answer.items()}
            is_new = "canRollback" in answer and answer["id"] not in but
            return changed | {"status": status} if is_new else changed
        return [change(each) for each in answer] if isinstance(answer, list) else answer

    return lambda _seen, answer: change(answer)


async def test_time_passes_by_the_engines_clock(railway: World, preview: Preview) -> None:
    """Waiting for a deployment costs no real time in an accelerated world."""
    began = railway.clock.seconds

    await ROLLBACK.execute(railway.tools, preview)

    assert JOB_SECONDS <= railway.clock.seconds - began < JOB_SECONDS + 3
