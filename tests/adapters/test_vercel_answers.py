"""Whatever Vercel answers, ``vercel.rollback`` knows what it proves, and says so."""

import pytest
from aiohttp import web

from adapters.vercel import VercelRollback
from bot.domain.errors import NotApplied, Unreachable
from bot.domain.plan import Preview, Receipt
from bot.workspace.providers import seed
from tests.adapters.conftest import TOKEN, World, toolbox

ROLLBACK = VercelRollback(project=seed.VERCEL_PROJECT_NAME)
MOVES = "POST .*/rollback/"


@pytest.fixture
async def preview(vercel: World) -> Preview:
    """What was approved: from the bad deployment to the good one."""
    return await ROLLBACK.preview(vercel.tools)


async def test_reads_are_tried_again(vercel: World) -> None:
    """A read that meets a bad moment waits as long as it is asked to, and is sent again."""
    await vercel.misbehave("rate_limit", on="any", seconds=7)
    await vercel.misbehave("server_error", on="any")
    began = vercel.clock.seconds

    await ROLLBACK.preview(vercel.tools)

    assert 7 <= vercel.clock.seconds - began < 12


async def test_reads_give_up(vercel: World) -> None:
    """A read is tried three times at most, and says what it met."""
    await vercel.misbehave("server_error", on="any", times=9)

    with pytest.raises(Unreachable, match=r"can't be read: Internal Server Error \(500"):
        await ROLLBACK.preview(vercel.tools)

    assert len(vercel.mirror.seen) == 3


async def test_nobody_waits_for_an_hour(vercel: World) -> None:
    """A vendor that wants to be left alone for long is out of reach at once."""
    await vercel.misbehave("rate_limit", on="any", seconds=3600)

    with pytest.raises(Unreachable, match="429"):
        await ROLLBACK.preview(vercel.tools)

    assert len(vercel.mirror.seen) == 1


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (200, "<html>Welcome</html>", "answered something unexpected"),
        (200, "", "answered something unexpected"),
        (200, "null", "answered something unexpected"),
        (200, '{"name": "shop-frontend"}', "answered something unexpected: id: Field required"),
        (200, '{"id": 7, "name": "x"}', "answered something unexpected: id"),
        (200, '{"id": "../../v2/user", "name": "x"}', "answered something unexpected: id"),
        (301, "", "301 Moved Permanently"),
        (401, '{"error": {"message": "Not authorized"}}', "Check the secret VERCEL_TOKEN"),
        (403, '{"error": {"message": "Not authorized"}}', "what the token in VERCEL_TOKEN may do"),
        (404, '{"error": {"message": "Project not found."}}', "Project not found"),
    ],
)
async def test_answers_that_can_not_be_used(
    vercel: World, status: int, body: str, sentence: str
) -> None:
    """An answer that is not what was asked for ends the preview with a sentence."""
    vercel.mirror.bend(
        "GET /v9/projects/shop-frontend",
        lambda *_: web.Response(status=status, text=body, content_type="application/json"),
    )

    with pytest.raises(Unreachable, match=sentence):
        await ROLLBACK.preview(vercel.tools)


async def test_nothing_is_sent_if_vercel_can_not_be_read_first(
    vercel: World, preview: Preview
) -> None:
    """The look right before the request is part of the step: without it, nothing is sent."""
    await vercel.misbehave("server_error", on="any", times=9)

    with pytest.raises(Unreachable, match="can't be read"):
        await ROLLBACK.bound(preview).reread(vercel.tools, preview)
    with pytest.raises(NotApplied, match="can't be read"):
        await ROLLBACK.undo(vercel.tools, preview, Receipt("", {}))

    assert vercel.mirror.sent(MOVES) == []


async def test_a_vercel_that_is_not_there(vercel: World, preview: Preview) -> None:
    """If the connection breaks before the request, nothing was sent, and that is certain."""
    box = toolbox(vercel.clock, {"vercel": "http://127.0.0.1:9"})  # nobody listens there
    move = ROLLBACK._move(box.for_step(key="k", secrets=ROLLBACK.secrets), preview)

    with pytest.raises(NotApplied, match="could not be reached: there is no connection"):
        await move.api.move("rollback", project=move.project_id, deployment=seed.VERCEL_GOOD)
    await box.close()


async def test_a_token_in_an_answer_goes_no_further(vercel: World, preview: Preview) -> None:
    """Even if Vercel repeats our token in its answer, the sentence for people does not."""
    error = {"error": {"message": f"bad token {TOKEN}", "code": "forbidden"}}
    vercel.mirror.bend(MOVES, lambda *_: web.json_response(error, status=403))

    with pytest.raises(NotApplied, match=r"bad token \[secret\]"):
        await ROLLBACK.execute(vercel.tools, preview)


async def test_long_and_wild_words_are_tamed(vercel: World, preview: Preview) -> None:
    """What a vendor says is shown in one line of bounded length, without control characters."""
    error = {"error": {"message": "no\n\x1b[31m" + "x" * 5000}}
    vercel.mirror.bend(MOVES, lambda *_: web.json_response(error, status=400))

    with pytest.raises(NotApplied) as refused:
        await ROLLBACK.execute(vercel.tools, preview)

    assert len(str(refused.value)) < 400
    assert str(refused.value).isprintable()
