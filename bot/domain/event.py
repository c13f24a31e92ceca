"""What happened, in order, with who and when: the timeline, and the audit's entries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Happening(StrEnum):
    """Everything that is written down."""

    REQUESTED = "requested"
    PLANNED = "planned"
    REASON_GIVEN = "reason_given"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"
    QUORUM = "quorum"
    REMINDED = "reminded"
    VOIDED = "voided"  # approvals that no longer count at the claim
    DELAYED = "delayed"  # details["waits_for"]: whose directory, as person:platform
    CLAIMED = "claimed"
    EXECUTION_STARTED = "execution_started"
    STEP_STARTED = "step_started"
    STEP_DONE = "step_done"
    STEP_SKIPPED = "step_skipped"
    STEP_FAILED = "step_failed"
    STEP_UNVERIFIED = "step_unverified"
    STEP_IN_DOUBT = "step_in_doubt"
    STEP_SETTLED = "step_settled"
    STOP_ASKED = "stop_asked"
    VERIFYING = "verifying"
    ENDED = "ended"  # details["state"] says how
    EXPLAINED = "explained"
    RESOLVED = "resolved"
    REFUSED_DELIVERY = "refused_delivery"  # details["code"] says why
    LINK_OFFERED = "link_offered"  # a code was given to an account, to be repeated by another one
    LINK_PROVEN = "link_proven"  # it was; details["with"] is the account that had been given it
    LINK_REFUSED = "link_refused"  # details["code"] says why, "with" whose code it was if anybody's


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the timeline; the audit chain holds it for good."""

    kind: Happening
    at: datetime
    rollback_id: str | None = None  # None: it is about none, such as what was refused before
    person: str | None = None
    account: str | None = None
    details: Mapping[str, str] = field(default_factory=dict[str, str])
    sequence: int = 0  # its place in the chain; 0 until it is stored
