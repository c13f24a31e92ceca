"""``vercel.rollback`` chooses a deployment, or says why there is none."""

from typing import Any

import pytest

from adapters.vercel import VercelRollback
from bot.domain.errors import Refusal, Refused, Unreachable
from bot.workspace.providers import seed
from tests.adapters.conftest import World
from tests.adapters.mirror import Seen

ROLLBACK = VercelRollback(project=seed.VERCEL_PROJECT_NAME)
LIST = "GET /v6/deployments"


async def test_the_last_good_one_by_default(vercel: World) -> None:
    """Without a name, the newest deployment that served before the current one is chosen."""
    preview = await ROLLBACK.preview(vercel.tools)

    assert (preview.before.id, preview.after.id) == (seed.VERCEL_BAD, seed.VERCEL_GOOD)
    assert (preview.before.label, preview.after.label) == ("v42", "v41")
    assert preview.after.made_at is not None
    assert preview.subject == "Vercel shop-frontend"
    assert preview.resource == "vercel:project/prj_shop_frontend"
    assert preview.comes_back == (
        "code (“v41: Show delivery dates”)",
        "variables and cron jobs of that build",
        "on 2 domains",
    )
    assert preview.stays_lost == ("what was written to databases since",)
    assert preview.undo == "promote v42 again, a few seconds"
    assert preview.warnings == (
        "New pushes are built but don't go live until one is promoted in Vercel.",
    )


async def test_a_bound_action_holds_ids(vercel: World) -> None:
    """What a plan keeps can't come to mean another project or deployment."""
    preview = await ROLLBACK.preview(vercel.tools)

    bound = ROLLBACK.bound(preview)

    assert (bound.project, bound.to) == (seed.VERCEL_PROJECT, seed.VERCEL_GOOD)
    assert VercelRollback.model_validate_json(bound.model_dump_json()) == bound
    assert (await bound.preview(vercel.tools)).agrees_with(preview)


async def test_after_a_rollback_it_goes_further_back(vercel: World) -> None:
    """A second rollback never returns to what was rolled back from, and says how far it goes."""
    await ROLLBACK.execute(vercel.tools, await ROLLBACK.preview(vercel.tools))

    preview = await ROLLBACK.preview(vercel.tools)

    assert (preview.before.id, preview.after.id) == (seed.VERCEL_GOOD, seed.VERCEL_OLDER)
    assert preview.warnings == (
        "Production was rolled back to v41 before. This goes further back.",
        "New pushes don't go live already, because production is held at one version.",
    )


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (seed.VERCEL_OLDER, seed.VERCEL_OLDER),
        ("3c2b1a0", seed.VERCEL_OLDER),
        ("3C2B1A0F9E", seed.VERCEL_OLDER),
        ("7b9e8d6", seed.VERCEL_GOOD),
        ("shop-frontend-3c2b1a0f9-shop.vercel.app", seed.VERCEL_OLDER),
        ("https://shop-frontend-3c2b1a0f9-shop.vercel.app/cart", seed.VERCEL_OLDER),
    ],
)
async def test_versions_by_name(vercel: World, wanted: str, chosen: str) -> None:
    """A version is found by its id, its commit and its address."""
    preview = await ROLLBACK.wanting(wanted).preview(vercel.tools)

    assert preview.after.id == chosen


@pytest.mark.parametrize("wanted", [seed.VERCEL_BAD, "c0a2d1f", *seed.VERCEL_DOMAINS])
async def test_what_serves_already_is_nothing_to_do(vercel: World, wanted: str) -> None:
    """Production's own id, commit and domains all lead to where it is already."""
    preview = await ROLLBACK.wanting(wanted).preview(vercel.tools)

    assert preview.is_noop


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (seed.VERCEL_PREVIEW, "to 0d4b6f8: it is a preview and never served production"),
        ("0d4b6f8", "it is a preview"),
        (seed.VERCEL_UNBUILT, "to v40: its build is ERROR, not READY"),
        ("5e4d3c2", "its build is ERROR"),
        ("v99", "has no version “v99”. It can go back to v41, v39. Nothing was changed"),
        ("latest", "has no version “latest”"),
        ("1.2.3", "has no version “1.2.3”"),
        ("dpl_unknown", "has no version “dpl_unknown”"),
        ("a/../../v9/projects/x.y", "has no version"),
        ("3c2b1", "has no version"),  # five digits of a commit are too few
    ],
)
async def test_versions_that_can_not_be_gone_back_to(
    vercel: World, wanted: str, sentence: str
) -> None:
    """Each refusal says why, and what can be asked for instead."""
    with pytest.raises(Refused, match=sentence) as refused:
        await ROLLBACK.wanting(wanted).preview(vercel.tools)

    assert refused.value.code is Refusal.NOT_PLANNABLE


@pytest.mark.parametrize("wanted", ["", "-rf", "two words", "x" * 201, "v41\n", "$(id)", "..", "é"])
def test_what_can_not_be_a_version(wanted: str) -> None:
    """What no version is called like is refused before anybody is asked."""
    with pytest.raises(Refused, match="can't be a version"):
        ROLLBACK.wanting(wanted)


@pytest.mark.parametrize("field", ["projectId", "team"])
async def test_foreign_deployments_are_refused(vercel: World, field: str) -> None:
    """A deployment of another project or team is never a version of this one."""
    foreign = {"projectId": "prj_other", "team": {"id": "team_other"}}[field]
    vercel.mirror.bend(
        f"/v13/deployments/{seed.VERCEL_OLDER}", lambda _seen, answer: {**answer, field: foreign}
    )

    with pytest.raises(Refused, match="is not a deployment of Vercel shop-frontend"):
        await ROLLBACK.wanting(seed.VERCEL_OLDER).preview(vercel.tools)


async def test_two_builds_of_one_commit_are_told_apart(vercel: World) -> None:
    """A commit that fits the current deployment and another one is asked about, with ids."""

    def same_commit(_seen: Seen, answer: Any) -> Any:
        rows = [row | {"meta": {"githubCommitSha": "c0ffee1" * 5}} for row in answer["deployments"]]
        return {**answer, "deployments": rows}

    vercel.mirror.bend(LIST, same_commit)
    vercel.mirror.bend(
        f"/v13/deployments/{seed.VERCEL_BAD}",
        lambda _seen, answer: answer | {"meta": {"githubCommitSha": "c0ffee1" * 5}},
    )

    by_default = await ROLLBACK.preview(vercel.tools)
    with pytest.raises(Refused, match=r"fits 3 deployments.*dpl_shop_frontend_v41"):
        await ROLLBACK.wanting("c0ffee1").preview(vercel.tools)

    assert (by_default.before.label, by_default.after.label) == ("v42", "v41")  # ids, for once
    assert "Both are builds of the same code; their variables may differ." in by_default.warnings


async def test_a_candidate_on_a_later_page_is_found(vercel: World) -> None:
    """Pages are read until there is somewhere to go back to."""

    def one_a_page(seen: Seen, answer: Any) -> Any:
        rows = answer["deployments"]
        following = rows[0]["created"] if len(rows) > 1 else None
        first = [row | {"isRollbackCandidate": False} for row in rows[:1]]
        if first and first[0]["uid"] == seed.VERCEL_OLDER:
            first = rows[:1]
        return {"deployments": first, "pagination": {"count": 1, "next": following, "prev": None}}

    vercel.mirror.bend(LIST, one_a_page)

    preview = await ROLLBACK.preview(vercel.tools)

    assert preview.after.id == seed.VERCEL_OLDER
    assert len(vercel.mirror.sent(LIST)) == 2


async def test_pages_in_a_circle_end(vercel: World) -> None:
    """A list whose next page is the same one again is no list."""
    created = vercel.clock.seconds * 1000
    vercel.mirror.bend(
        LIST, lambda *_: {"deployments": [], "pagination": {"count": 0, "next": created}}
    )

    with pytest.raises(Unreachable, match="runs in a circle"):
        await ROLLBACK.preview(vercel.tools)


async def test_pages_without_end_end(vercel: World) -> None:
    """At most twenty pages are read."""
    vercel.mirror.bend(
        LIST,
        lambda seen, _: {
            "deployments": [],
            "pagination": {"count": 0, "next": int(seen.query["until"]) - 1},
        },
    )

    with pytest.raises(Refused, match="no earlier version"):
        await ROLLBACK.preview(vercel.tools)

    assert len(vercel.mirror.sent(LIST)) == 20


async def test_a_project_without_production(vercel: World) -> None:
    """A project that never served production can't be rolled back."""
    vercel.mirror.bend("GET /v9/projects/shop-frontend", lambda _, p: p | {"targets": {}})

    with pytest.raises(Refused, match="has no production deployment"):
        await ROLLBACK.preview(vercel.tools)


async def test_somebody_else_is_moving_production(vercel: World) -> None:
    """While another job moves production, there is nothing stable to plan with."""
    job = {"toDeploymentId": "dpl_x", "jobStatus": "in-progress", "type": "promote"}
    requested = vercel.clock.seconds * 1000
    vercel.mirror.bend(
        "GET /v9/projects/shop-frontend",
        lambda _, p: p | {"lastAliasRequest": job | {"requestedAt": requested}},
    )

    with pytest.raises(Refused, match=r"moving production .* right now \(a promote, in-progress"):
        await ROLLBACK.preview(vercel.tools)
    vercel.clock.seconds += 181
    assert (await ROLLBACK.preview(vercel.tools)).after.id == seed.VERCEL_GOOD


async def test_the_team_is_part_of_the_question(vercel: World) -> None:
    """A team's id or slug goes along with every request, and another team's project is refused."""
    for team, key in ((seed.VERCEL_TEAM, "teamId"), (seed.VERCEL_TEAM_SLUG, "slug")):
        vercel.mirror.seen.clear()
        await ROLLBACK.model_copy(update={"team": team}).preview(vercel.tools)
        assert {seen.query[key] for seen in vercel.mirror.seen} == {team}

    vercel.mirror.bend("GET /v9/projects/shop-frontend", lambda _, p: p | {"accountId": "team_x"})
    with pytest.raises(Refused, match="belongs to another team"):
        await ROLLBACK.model_copy(update={"team": seed.VERCEL_TEAM}).preview(vercel.tools)


async def test_a_paused_project_says_so(vercel: World) -> None:
    """Approvers learn that visitors see a pause page whatever is rolled back."""
    vercel.mirror.bend("GET /v9/projects/shop-frontend", lambda _, p: p | {"paused": True})

    preview = await ROLLBACK.preview(vercel.tools)

    assert "The project is paused" in preview.warnings[-1]
