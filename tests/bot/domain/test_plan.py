"""The plan and its digest."""

from dataclasses import asdict, replace

from bot.domain.plan import Plan, order_problems
from bot.domain.target import Risk
from tests.bot.builders import plan, preview, step


def variants(one: Plan) -> list[Plan]:
    """Return plans that differ from one in a single leaf each."""
    first = one.steps[0]
    seen = first.preview
    changed_previews = [
        replace(seen, subject="x"),
        replace(seen, resource="x"),
        replace(seen, before=replace(seen.before, id="x")),
        replace(seen, after=replace(seen.after, id="x")),
        replace(seen, after=replace(seen.after, label="x")),
        replace(seen, stays_lost=()),
        replace(seen, undo=""),
        replace(seen, warnings=("x",)),
    ]
    changed_steps = [
        replace(first, name="x"),
        replace(first, use="x.y"),
        replace(first, params={"to": "x"}),
        replace(first, risk=Risk.DESTRUCTIVE),
        *(replace(first, preview=other) for other in changed_previews),
    ]
    return [
        replace(one, rollback_id="rb-0000"),
        replace(one, target="x"),
        replace(one, environment="staging"),
        replace(one, requester="x"),
        replace(one, rules_digest="x"),
        *(replace(one, steps=(other,)) for other in changed_steps),
    ]


def test_the_digest_covers_every_leaf() -> None:
    """Any single change of the plan changes its digest."""
    one = plan()
    digests = {one.digest, *(other.digest for other in variants(one))}
    assert len(digests) == len(variants(one)) + 1


def test_equal_plans_have_one_digest() -> None:
    """The order in which parameters were written down does not matter."""
    assert plan(step(params={"a": 1, "b": 2})).digest == plan(step(params={"b": 2, "a": 1})).digest
    assert asdict(plan()) == asdict(plan())


def test_the_duration_is_the_slowest_chain() -> None:
    """Steps side by side cost the time of the slower one, steps in a row their sum."""
    quick, slow = preview(seconds=10), preview(seconds=50)
    beside = plan(step("a", preview=quick), step("b", preview=slow))
    behind = plan(step("a", preview=quick), step("b", preview=slow, needs=("a",)))
    assert (beside.seconds, behind.seconds) == (50, 60)


def test_a_need_points_backwards() -> None:
    """A step can only need one that stands before it."""
    assert order_problems({"a": (), "b": ("a",)}) == ()
    assert len(order_problems({"a": ("b",), "b": ()})) == 1


def test_another_deployment_is_another_change() -> None:
    """A preview agrees with the approved one only if every id is the same."""
    approved = preview()
    assert preview(seconds=5).agrees_with(approved)
    assert not preview(before=replace(approved.before, id="dep-43")).agrees_with(approved)
