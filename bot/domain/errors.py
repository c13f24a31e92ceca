"""Every way a rollback can refuse or fail, and what the person reading it is told.

TwokeyError
├── Refused          nothing was changed; carries a code that tests, audit and metrics can count
└── Failed           an action was attempted
    ├── NotApplied       proven: it had no effect
    ├── InDoubt          it may have had its effect; only a probe or a person can tell
    └── Unreachable      a read got no usable answer; nothing was changed by it
"""

from enum import StrEnum


class Refusal(StrEnum):
    """Why something was turned down; the machine-readable half of a refusal."""

    ALREADY_APPROVED = "already_approved"
    BAD_REQUEST = "bad_request"
    BUSY = "busy"
    DIRECTORY_DOWN = "directory_down"
    DUPLICATE = "duplicate"
    LIMIT = "limit"
    NOT_APPROVED = "not_approved"
    NOT_APPROVER = "not_approver"
    NOT_FOUND = "not_found"
    NOT_MEMBER = "not_member"
    NOT_OPEN = "not_open"
    NOT_PLANNABLE = "not_plannable"
    NOT_REQUESTER = "not_requester"
    NOT_WITHDRAWABLE = "not_withdrawable"
    OWN_REQUEST = "own_request"
    STALE_CARD = "stale_card"
    STALE_PLAN = "stale_plan"
    TAMPERED = "tampered"
    UNKNOWN_ENVIRONMENT = "unknown_environment"
    UNKNOWN_PERSON = "unknown_person"
    UNKNOWN_TARGET = "unknown_target"
    WRONG_CHANNEL = "wrong_channel"


class TwokeyError(Exception):
    """Base of all errors that are shown to people; ``str(error)`` is the sentence they read."""


class Refused(TwokeyError):
    """Turned down before anything was touched."""

    def __init__(self, code: Refusal, sentence: str, *, rollback_id: str | None = None) -> None:
        """Keep the code beside the sentence, and the rollback it points to if there is one."""
        super().__init__(sentence)
        self.code = code
        self.rollback_id = rollback_id
        self.is_recorded = False  # its audit entry is committed


class Failed(TwokeyError):
    """An action or a read did not reach its goal."""


class NotApplied(Failed):
    """The system answered that it did not do it: nothing was changed."""


class InDoubt(Failed):
    """The call was sent and its answer was lost or made no sense: it may have happened."""


class Unreachable(Failed):
    """A read got no usable answer."""
