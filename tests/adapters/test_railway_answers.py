"""Whatever Railway answers, ``railway.rollback`` knows what can be used of it."""

from typing import Any

import pytest
from aiohttp import web

from adapters.railway import RailwayRollback
from bot.domain.errors import NotApplied, Unreachable
from bot.domain.plan import Preview, Receipt
from bot.workspace.providers import seed
from tests.adapters.conftest import World

ROLLBACK = RailwayRollback(
    project=seed.RAILWAY_PROJECT,
    service=seed.RAILWAY_SERVICE,
    environment=seed.RAILWAY_ENVIRONMENT,
)
MUTATION = "mutation Rollback"


@pytest.fixture
async def preview(railway: World) -> Preview:
    """What was approved: from the bad deployment to the good one."""
    return await ROLLBACK.preview(railway.tools)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ({"errors": [{"message": "Not Authorized"}]}, "Not Authorized.*token in RAILWAY_TOKEN may"),
        ({"errors": [{"message": "Project Token not found"}]}, "token in RAILWAY_TOKEN may"),
        ({"errors": [{"message": "ServiceInstance not found"}]}, "ServiceInstance not found"),
        ({"data": None}, "nothing that was asked for"),
        ({"data": {"serviceInstance": {"serviceName": "api"}}}, "something unexpected"),
        (web.Response(text="<html>", content_type="text/html"), "something unexpected"),
    ],
)
async def test_answers_that_can_not_be_used(railway: World, answer: Any, sentence: str) -> None:
    """An error with status 200 is an error, and an answer of another shape is none."""
    railway.mirror.bend("query Instance", lambda *_: answer)

    with pytest.raises(Unreachable, match=sentence):
        await ROLLBACK.preview(railway.tools)


async def test_nothing_is_sent_if_railway_can_not_be_read_first(
    railway: World, preview: Preview
) -> None:
    """The look right before the mutation is part of the step: without it, nothing is sent."""
    await railway.misbehave("server_error", on="any", times=9)

    with pytest.raises(Unreachable, match="can't be read"):
        await ROLLBACK.bound(preview).reread(railway.tools, preview)
    with pytest.raises(NotApplied, match="can't be read"):
        await ROLLBACK.undo(railway.tools, preview, Receipt("", {}))

    assert railway.mirror.sent(MUTATION) == []
