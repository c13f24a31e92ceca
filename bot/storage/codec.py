"""A rollback as rows, and back; whatever does not fit exactly is damaged, never guessed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, TypeAdapter
from sqlalchemy import Row

from bot.domain.rollback import Approval, Rollback, StepRun
from bot.storage.errors import Quarantined

_IN_COLUMNS: Final = frozenset({"id", "version", "state", "target", "environment", "requester"})
_IN_OTHER_PLACES: Final = frozenset({"asked_at", "approvals", "claimed_at", "token"})


class _Stored(BaseModel):
    """Holds the strictness for everything inside."""

    model_config = ConfigDict(extra="forbid")

    rollback: Rollback


_RUN: Final = TypeAdapter(StepRun)


def to_row(rollback: Rollback) -> dict[str, Any]:
    """Return the columns of a rollback; approvals, claim and journal have their own tables."""
    image = _Stored(rollback=rollback).model_dump(mode="json")["rollback"]
    body = {key: image[key] for key in image.keys() - _IN_COLUMNS - _IN_OTHER_PLACES}
    body["steps"] = [run.name for run in rollback.steps]
    return {
        **{key: image[key] for key in _IN_COLUMNS},
        "asked_at": rollback.asked_at,
        "wake_at": rollback.wake_at,
        "body": json.dumps(body, sort_keys=True),
    }


def place_rows(rollback: Rollback) -> list[dict[str, Any]]:
    """Return the rows by which it is found in each of its channels."""
    return [
        {"rollback_id": rollback.id, "asked_at": rollback.asked_at, **asdict(place)}
        for place in dict.fromkeys(rollback.places)
    ]


def approval_to_row(rollback: Rollback, number: int, approval: Approval) -> dict[str, Any]:
    """Return the row of one approval; it repeats the requester, for the constraint."""
    return {
        "rollback_id": rollback.id,
        "number": number,
        "person": approval.person,
        "requester": rollback.requester,
        "digest": approval.digest,
        "at": approval.at,
        "withdrawn_at": approval.withdrawn_at,
    }


def run_to_row(rollback_id: str, run: StepRun) -> dict[str, Any]:
    """Return the journal's row of one attempt."""
    image = _RUN.dump_python(run, mode="json")
    return {
        "rollback_id": rollback_id,
        "step": run.name,
        "attempt": run.attempt,
        "state": run.state,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "receipt": image["receipt"] and json.dumps(image["receipt"]),
        "evidence": json.dumps(image["evidence"]),
        "note": run.note,
    }


def from_rows(
    row: Row[Any], *, approvals: Sequence[Row[Any]], attempts: Sequence[Row[Any]]
) -> Rollback:
    """Put a rollback together again; ``attempts`` come oldest first, so that the newest counts."""
    try:
        body = json.loads(row.body)
        runs = {attempt.step: _run_from_row(attempt) for attempt in attempts}
        image = {
            **body,
            **{key: getattr(row, key) for key in _IN_COLUMNS},
            "asked_at": row.asked_at,
            "approvals": [_approval_from_row(approval) for approval in approvals],
            "claimed_at": row.claimed_at,
            "token": row.token or 0,
            "steps": [runs.get(name, {"name": name}) for name in body["steps"]],
        }
        return _Stored.model_validate({"rollback": image}).rollback
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Quarantined(
            f"The record of {row.id} is damaged, so nothing is done with it. Nothing was changed. "
            "An operator has to look at the database."
        ) from error


def _run_from_row(row: Row[Any]) -> Mapping[str, Any]:
    return {
        "name": row.step,
        "state": row.state,
        "attempt": row.attempt,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "receipt": row.receipt and json.loads(row.receipt),
        "evidence": json.loads(row.evidence),
        "note": row.note,
    }


def _approval_from_row(row: Row[Any]) -> Mapping[str, Any]:
    return {
        "person": row.person,
        "digest": row.digest,
        "at": row.at,
        "withdrawn_at": row.withdrawn_at,
    }
