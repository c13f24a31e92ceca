"""``vercel.rollback``: chosen right, asked for once, told truly."""

from typing import Any

import pytest
from aiohttp import web

from adapters.vercel import VercelRollback
from bot.domain.errors import InDoubt, NotApplied, Refused
from bot.domain.plan import Preview, Receipt
from bot.workspace.providers import seed
from tests.adapters.conftest import World

ROLLBACK = VercelRollback(project=seed.VERCEL_PROJECT_NAME)
PROJECT = rf"GET /v9/projects/{seed.VERCEL_PROJECT}\?"
NOT_LIVE = "New pushes are built but don't go live until one is promoted in Vercel."
MOVES = "POST .*/(rollback|promote)/"
DONE = [("vercel.rollback", seed.VERCEL_GOOD)]


def changing(**fields: Any) -> Any:
    """Bend an answer by replacing some of its fields."""
    return lambda _seen, answer: {**answer, **fields}


@pytest.fixture
async def preview(vercel: World) -> Preview:
    """What was approved: from the bad deployment to the good one."""
    return await ROLLBACK.preview(vercel.tools)


async def test_it_rolls_back_once(vercel: World, preview: Preview) -> None:
    """One request is sent, and it counts as done when the job is over and every domain moved."""
    receipt = await ROLLBACK.execute(vercel.tools, preview)
    evidence = await ROLLBACK.verify(vercel.tools, preview, receipt)

    assert vercel.effects == DONE
    assert (receipt.reference, receipt.details["job"]) == (seed.VERCEL_GOOD, "succeeded")
    hosts = ("production", *seed.VERCEL_DOMAINS)
    assert [(each.name, each.holds) for each in evidence] == [(host, True) for host in hosts]


async def test_the_request_carries_the_steps_key(vercel: World, preview: Preview) -> None:
    """Whoever looks into Vercel finds which step asked for the rollback."""
    await ROLLBACK.execute(vercel.tools, preview)

    (sent,) = vercel.mirror.sent(MOVES)
    assert sent.path == f"/v1/projects/{seed.VERCEL_PROJECT}/rollback/{seed.VERCEL_GOOD}"
    assert sent.query["description"] == "Twokey rb-test/api/1"
    assert sent.headers["Idempotency-Key"] == "rb-test/api/1"


async def test_undo_promotes_what_served_before(vercel: World, preview: Preview) -> None:
    """Undo brings the former deployment back, and new pushes go live again."""
    receipt = await ROLLBACK.execute(vercel.tools, preview)

    undone = await ROLLBACK.undo(vercel.tools, preview, receipt)
    evidence = await ROLLBACK.verify(vercel.tools, preview, undone)

    assert vercel.effects == [*DONE, ("vercel.promote", seed.VERCEL_BAD)]
    assert all(each.holds for each in evidence)
    again = await ROLLBACK.preview(vercel.tools)
    assert again.warnings == (NOT_LIVE,)


async def test_the_look_before_the_step_takes_one_round_trip(
    vercel: World, preview: Preview
) -> None:
    """Two questions that wait for no answer say that it would still do what was approved."""
    bound = ROLLBACK.bound(preview)
    vercel.mirror.seen.clear()

    now = await bound.reread(vercel.tools, preview)

    assert now == preview
    assert len(vercel.mirror.seen) == 2


async def test_there_already(vercel: World, preview: Preview) -> None:
    """A rollback that somebody else made in the meantime leaves nothing to do."""
    await ROLLBACK.execute(vercel.tools, preview)

    now = await ROLLBACK.bound(preview).reread(vercel.tools, preview)

    assert now.is_noop
    assert now.leads_where(preview)


async def test_there_already_by_the_time_vercel_is_asked(vercel: World, preview: Preview) -> None:
    """Vercel's conflict counts as done if production is where it should be."""
    await ROLLBACK.execute(vercel.tools, preview)

    receipt = await ROLLBACK.execute(vercel.tools, preview)

    assert len(vercel.mirror.sent(MOVES)) == 2
    assert vercel.effects == DONE
    assert receipt.reference == seed.VERCEL_GOOD


async def test_production_moved_elsewhere(vercel: World, preview: Preview) -> None:
    """The look before the step says so when production is no longer where people saw it."""
    older = ROLLBACK.wanting(seed.VERCEL_OLDER)
    await older.execute(vercel.tools, await older.preview(vercel.tools))

    now = await ROLLBACK.bound(preview).reread(vercel.tools, preview)

    assert not now.agrees_with(preview)
    assert now.before.id == seed.VERCEL_OLDER


async def test_a_goal_that_is_offered_no_more(vercel: World, preview: Preview) -> None:
    """The look before the step refuses a goal that Vercel took back in the meantime."""
    vercel.mirror.bend(
        "GET /v6/deployments",
        lambda _seen, answer: {
            **answer,
            "deployments": [row | {"isRollbackCandidate": False} for row in answer["deployments"]],
        },
    )

    with pytest.raises(Refused, match="can't go back to v41: Vercel does not offer it"):
        await ROLLBACK.bound(preview).reread(vercel.tools, preview)


async def test_undo_looks_first(vercel: World, preview: Preview) -> None:
    """Undo sends nothing when it is done already, or when production is somewhere else by now."""
    receipt = await ROLLBACK.execute(vercel.tools, preview)
    await ROLLBACK.undo(vercel.tools, preview, receipt)
    effects = vercel.effects

    again = await ROLLBACK.undo(vercel.tools, preview, receipt)
    older = ROLLBACK.wanting(seed.VERCEL_OLDER)
    await older.execute(vercel.tools, await older.preview(vercel.tools))
    with pytest.raises(NotApplied, match=r"left v41.*Nothing was changed"):
        await ROLLBACK.undo(vercel.tools, preview, receipt)

    assert again.details["job"] == "already there"
    assert vercel.effects == [*effects, ("vercel.rollback", seed.VERCEL_OLDER)]


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("refuse", r"Not Authorized \(403 Forbidden\)\. Nothing was changed\. .*VERCEL_TOKEN"),
        ("plan_limit", r"upgrade to the Pro plan\. \(402 .*\)\. Nothing was changed\. The plan"),
        ("rate_limit", r"Rate limit exceeded \(429 .*Nothing was changed"),
    ],
)
async def test_a_no_is_a_no(vercel: World, preview: Preview, kind: str, sentence: str) -> None:
    """What Vercel turned down had no effect, was not tried again, and is told in its words."""
    await vercel.misbehave(kind)

    with pytest.raises(NotApplied, match=sentence):
        await ROLLBACK.execute(vercel.tools, preview)

    assert len(vercel.mirror.sent(MOVES)) == 1
    assert vercel.effects == []


async def test_a_lost_answer_is_in_doubt_until_it_is_looked_up(
    vercel: World, preview: Preview
) -> None:
    """After a lost answer the probe waits for the job, finds it, and nothing is sent twice."""
    await vercel.misbehave("lose_answer")

    with pytest.raises(InDoubt, match="was asked, but the connection broke"):
        await ROLLBACK.execute(vercel.tools, preview)
    receipt = await ROLLBACK.probe(vercel.tools, preview)

    assert isinstance(receipt, Receipt)
    assert receipt.details["job"] == "succeeded"
    assert vercel.effects == DONE


async def test_a_server_error_is_in_doubt_until_it_is_looked_up(
    vercel: World, preview: Preview
) -> None:
    """After an error of the server the probe finds that nothing happened."""
    await vercel.misbehave("server_error")

    with pytest.raises(InDoubt, match=r"answered Internal Server Error \(500"):
        await ROLLBACK.execute(vercel.tools, preview)

    assert await ROLLBACK.probe(vercel.tools, preview) is False
    assert vercel.effects == []


@pytest.mark.parametrize("status", [302, 408, 502])
async def test_an_answer_that_says_nothing_is_in_doubt(
    vercel: World, preview: Preview, status: int
) -> None:
    """Redirects, time-outs and gateways between us and Vercel prove nothing."""
    headers = {"Location": "https://elsewhere.example/"}
    vercel.mirror.bend(MOVES, lambda *_: web.Response(status=status, headers=headers))

    with pytest.raises(InDoubt, match=str(status)):
        await ROLLBACK.execute(vercel.tools, preview)

    assert len(vercel.mirror.sent(MOVES)) == 1


async def test_an_attempt_under_way_is_not_repeated(vercel: World, preview: Preview) -> None:
    """If the job is running already, the step does not begin, and undo waits for its own."""
    receipt = await ROLLBACK.execute(vercel.tools, preview)
    await vercel.clock.sleep(60)
    vercel.provider.job_seconds = 40
    await vercel.misbehave("lose_answer")
    with pytest.raises(InDoubt):
        await ROLLBACK.undo(vercel.tools, preview, receipt)

    with pytest.raises(Refused, match="Somebody is moving production"):
        await ROLLBACK.bound(preview).reread(vercel.tools, preview)
    undone = await ROLLBACK.undo(vercel.tools, preview, receipt)

    assert undone.details["job"] == "succeeded"
    assert vercel.effects == [*DONE, ("vercel.promote", seed.VERCEL_BAD)]


async def test_a_vercel_that_lies_is_found_out(vercel: World, preview: Preview) -> None:
    """If Vercel says yes and does nothing, verification says what production serves."""
    await vercel.misbehave("lie")

    receipt = await ROLLBACK.execute(vercel.tools, preview)
    evidence = await ROLLBACK.verify(vercel.tools, preview, receipt)

    assert receipt.details["job"] == "accepted, never seen"
    assert [(each.expected, each.seen, each.holds) for each in evidence] == [
        ("v41", "v42", False)
    ] * 3


async def test_an_old_job_is_not_taken_for_ours(vercel: World, preview: Preview) -> None:
    """A job to the same deployment that was there before we asked proves nothing."""
    long_ago = (vercel.clock.seconds - 3600) * 1000
    job = {
        "toDeploymentId": seed.VERCEL_GOOD,
        "jobStatus": "succeeded",
        "requestedAt": long_ago,
        "type": "rollback",
    }
    vercel.mirror.bend(PROJECT, changing(lastAliasRequest=job))
    await vercel.misbehave("lie")

    now = await ROLLBACK.bound(preview).reread(vercel.tools, preview)
    receipt = await ROLLBACK.execute(vercel.tools, now)

    assert now.agrees_with(preview)
    assert receipt.details["job"] == "accepted, never seen"


async def test_a_failed_job_that_moved_nothing(vercel: World, preview: Preview) -> None:
    """If the job fails and every domain is where it was, nothing happened."""
    await vercel.misbehave("fail_job")

    with pytest.raises(NotApplied, match=r"its job ended as failed\. Production still serves v42"):
        await ROLLBACK.execute(vercel.tools, preview)

    assert await ROLLBACK.probe(vercel.tools, preview) is False


async def test_a_failed_job_that_moved_a_domain(vercel: World, preview: Preview) -> None:
    """If the job fails half way, a person is asked and told which domains stayed behind."""
    await vercel.misbehave("fail_job")
    vercel.mirror.bend(
        f"/v4/aliases/{seed.VERCEL_DOMAINS[1]}", lambda *_: [{"deploymentId": seed.VERCEL_GOOD}]
    )

    with pytest.raises(InDoubt, match=r"half way: .*production, shop-frontend\.vercel\.app"):
        await ROLLBACK.execute(vercel.tools, preview)
    with pytest.raises(InDoubt, match="half way"):
        await ROLLBACK.probe(vercel.tools, preview)


async def test_a_person_may_have_said_that_it_happened(vercel: World, preview: Preview) -> None:
    """A step settled by a person without Vercel's answer is verified like any other."""
    await ROLLBACK.execute(vercel.tools, preview)
    settled = Receipt(reference="", details={"settled_by": "manager-one"})

    evidence = await ROLLBACK.verify(vercel.tools, preview, settled)

    assert all(each.holds for each in evidence)
