"""Small, complete examples of the domain's data, for every test that needs one."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.plan import Plan, Point, Preview, Step
from bot.domain.rollback import Rollback, State, StepRun
from bot.domain.target import Effect, Place, Policy, Risk, StepSpec, Target

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DEPLOYS = Place("slack", "T00TWOKEY", "C00DEPLOYS")
APPROVERS = ("responder", "manager-one", "manager-two")


def preview(**changes: Any) -> Preview:
    """Return a change from v42 to v41."""
    fields: dict[str, Any] = {
        "subject": "Railway api",
        "resource": "railway:service/api",
        "before": Point("dep-42", "v42", NOON - timedelta(hours=2)),
        "after": Point("dep-41", "v41", NOON - timedelta(days=3)),
        "comes_back": ("image", "variables"),
        "stays_lost": ("database writes",),
        "undo": "redeploy v42, about 2 min",
        "seconds": 60,
    }
    return Preview(**(fields | changes))


def step(name: str = "api", **changes: Any) -> Step:
    """Return one step that rolls the API back."""
    fields: dict[str, Any] = {
        "name": name,
        "use": "railway.rollback",
        "params": {"service": "api", "to": "dep-41"},
        "needs": (),
        "preview": preview(resource=f"railway:service/{name}"),
        "effect": Effect.OBSERVABLE,
        "risk": Risk.REVERSIBLE,
    }
    return Step(**(fields | changes))


def plan(*steps: Step, **changes: Any) -> Plan:
    """Return a plan with these steps, or with one."""
    fields: dict[str, Any] = {
        "rollback_id": "rb-7f3k",
        "target": "backend",
        "environment": "production",
        "requester": "responder",
        "rules_digest": "rules",
        "steps": steps or (step(),),
        "checks": (),
    }
    return Plan(**(fields | changes))


def rollback(**changes: Any) -> Rollback:
    """Return a rollback that waits for its approvals."""
    made = changes.get("plan") or plan()
    fields: dict[str, Any] = {
        "id": "rb-7f3k",
        "target": "backend",
        "environment": "production",
        "affected": "Backend (Railway api)",
        "places": (DEPLOYS,),
        "requester": "responder",
        "asked_at": NOON,
        "policy": Policy(),
        "approvers": APPROVERS,
        "rules_digest": "rules",
        "reason": "API answers 500",
        "state": State.PENDING,
        "plan": made,
        "planned_at": NOON,
        "approve_by": NOON + timedelta(minutes=30),
        "steps": tuple(StepRun(name=one.name) for one in made.steps),
    }
    return Rollback(**(fields | changes))


def target(**changes: Any) -> Target:
    """Return the backend of the shop."""
    fields: dict[str, Any] = {
        "name": "backend",
        "environment": "production",
        "affected": "Backend (Railway api)",
        "channels": (DEPLOYS,),
        "approvers": APPROVERS,
        "steps": (StepSpec(name="api", use="railway.rollback"),),
    }
    return Target(**(fields | changes))
