"""Named moments at which a crash is tested: ``reached`` says that one of them is now.

In production nobody listens, and saying so costs a tenth of a microsecond. Only tests
hand in a listener, by calling ``listen`` in a process of their own: neither the configuration nor
the environment of ``twokey serve`` leads there.
"""

from collections.abc import Callable
from enum import Enum


class FaultPoint(Enum):
    """A moment at which the process may die: its name, its boundaries, and what is true then."""

    def __init__(self, label: str, boundary: str, sentence: str) -> None:
        """Keep the three apart."""
        self.label = label
        self.boundary = boundary
        self.sentence = sentence

    DELIVERY_RECEIVED = "delivery.received", "B0", "A delivery is genuine; nothing is stored."
    REQUEST_RECORDING = "request.recording", "B0", "A request is written, but not committed."
    REQUEST_RECORDED = "request.recorded", "B1", "A request is committed; nobody was answered."
    PLAN_READING = "plan.reading", "B1", "A plan is begun; the live systems are not read yet."
    PLAN_MADE = "plan.made", "B1", "A plan is made; it is not committed."
    PLAN_RECORDED = "plan.recorded", "B1", "A plan is committed; its card is not posted."
    POST_ANNOUNCED = "post.announced", "B1, B13", "A post is written down; it is not sent."
    SENTENCE_SENT = "sentence.sent", "B2", "A message stands as its sentence; it is not a card yet."
    POST_SENT = "post.sent", "B2, B14", "A post was answered; its id is not stored."
    EDIT_SENT = "edit.sent", "B3", "An edit was answered; it is not written down."
    MESSAGE_NOTED = "message.noted", "B3, B14", "What people see is written down."
    DECISION_RECORDING = "decision.recording", "B4", "A decision is written, but not committed."
    DECISION_RECORDED = "decision.recorded", "B4, B5", "A decision is committed, not acknowledged."
    ANSWER_READY = "answer.ready", "B4", "A delivery is dealt with; it is not acknowledged."
    ANSWER_SENT = "answer.sent", "B4", "A delivery is acknowledged; nobody was told more."
    CLAIM_CHECKING = (
        "claim.checking",
        "B5",
        "The start delay is over; the approvers were looked up.",
    )
    CLAIM_RECORDING = "claim.recording", "B5", "A claim is written, but not committed."
    CLAIM_RECORDED = "claim.recorded", "B6", "A claim is committed; its execution is not started."
    EXECUTION_BEGUN = "execution.begun", "B6", "The execution is committed as running."
    INTENT_RECORDING = "intent.recording", "B6", "A step's intent is about to be committed."
    INTENT_RECORDED = "intent.recorded", "B7", "A step's intent is committed; no call was made."
    CALL_SENDING = "call.sending", "B7", "A call to a provider is about to be sent."
    CALL_SENT = "call.sent", "B8", "A provider dealt with a call; its answer is not read."
    CALL_WAITING = "call.waiting", "B8", "An action waits before it looks again."
    EFFECT_ANSWERED = "effect.answered", "B9", "An action is done; its receipt is not committed."
    EFFECT_RECORDED = "effect.recorded", "B10", "A receipt is committed; nothing was read back."
    EFFECT_VERIFIED = "effect.verified", "B10", "A step was read back; that is not committed."
    STEP_RECORDED = "step.recorded", "B10", "A step's end is committed."
    PROBE_ANSWERED = "probe.answered", "B9", "What became of a lost call is known, not committed."
    INTENT_WITHDRAWN = "intent.withdrawn", "B7", "A lost call is proven not to have happened."
    DOUBT_RECORDED = "doubt.recorded", "B10", "A step is committed as in doubt; nobody was asked."
    STEPS_SETTLED = "steps.settled", "B11", "What all steps amount to is committed."
    CHECKS_SEEN = "checks.seen", "B11", "Production was looked at; the end is not committed."
    END_RECORDED = "end.recorded", "B12", "The end is committed; nobody was told."
    DEADLINE_RECORDED = "deadline.recorded", "B12", "What a deadline brought about is committed."
    TAKEOVER_RECORDED = "takeover.recorded", "B6", "A lost execution has a successor, not started."
    STORE_OPENED = "store.opened", "start", "The store is open; nothing was resumed."
    EXECUTIONS_RESUMED = "executions.resumed", "start", "Executions go on; no chat is connected."
    COMMIT_APPENDED = (
        "commit.appended",
        "any",
        "All is written; the audit chain's head stands still.",
    )
    COMMIT_SEALED = "commit.sealed", "any", "The audit chain's head is moved; nothing is committed."
    COMMIT_DONE = "commit.done", "any", "A commit is on the disk; whoever waits does not know."


Listener = Callable[[FaultPoint, str], None]


def reached(point: FaultPoint, about: str = "") -> None:
    """Say that this is the moment; ``about`` tells moments of one kind apart."""
    if _listener is not None:
        _listener(point, about)


def listen(listener: Listener) -> None:
    """Hear of every moment from now on; for tests alone."""
    global _listener  # noqa: PLW0603 - whoever says `reached` is everywhere, and must not carry it
    _listener = listener


_listener: Listener | None = None
