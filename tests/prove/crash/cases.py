"""Which story is killed at which moments."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.prove.crash.moment import Moment

Line = tuple[str, str]
ASKED: Final[tuple[Line, ...]] = (("Responder", "types /rollback inorder nobody can buy anything"),)
APPROVED: Final[tuple[Line, ...]] = (
    *ASKED,
    ("Manager One", "presses Approve"),
    ("Manager Two", "presses Approve"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What people do, and how it may end whenever the bot dies."""

    lines: tuple[Line, ...]
    ends: frozenset[str]
    since: str = ""  # before this moment it is the same story as “approve”
    speed: float = 10.0
    is_silent: bool = False  # Railway loses its answer and can't be read afterwards


STORIES: Final[Mapping[str, Story]] = {
    "approve": Story(lines=APPROVED, ends=frozenset({"succeeded"})),
    "refuse": Story(
        lines=(
            *ASKED,
            ("Responder", "tries Approve"),
            ("Manager One", "presses Approve"),
            ("Manager Two", "presses Approve"),
        ),
        ends=frozenset({"succeeded"}),
        since="answer.sent",
    ),
    "reject": Story(
        lines=(
            *ASKED,
            ("Manager One", "presses Reject…"),
            ("Manager One", "writes The fix is already merged"),
        ),
        ends=frozenset({"rejected"}),
        since="decision.recording:ended",
    ),
    # A stop that was not acknowledged in time comes too late, and then it may be rolled back.
    "stop": Story(
        lines=(*APPROVED, ("Responder", "presses Stop")),
        ends=frozenset({"cancelled", "succeeded", "aborted", "partial"}),
        since="decision.recording:stop_asked",
        speed=2.0,
    ),
    "expire": Story(
        lines=(*ASKED, ("Manager One", "presses Approve")),
        ends=frozenset({"expired"}),
        since="deadline.recorded",
        speed=60.0,  # it has to be planned in time, on a busy machine as well
    ),
    "doubt": Story(
        lines=(
            *APPROVED,
            ("Manager One", "waits"),
            ("Manager One", "presses It happened"),
        ),
        ends=frozenset({"succeeded"}),
        since="doubt.recorded:api",
        is_silent=True,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One story, and the ends of the bot's lives in it."""

    story: str
    moments: tuple[Moment, ...]
    forgets: bool = False  # each death takes the durable engine's own tables along
    store: str = "sqlite"

    def __str__(self) -> str:
        """Write it as one line, which is also its name in the progress file."""
        lives = " then ".join(map(str, self.moments)) or "never"
        forgets = " and forgets" if self.forgets else ""
        return f"{self.store} {self.story}: {lives}{forgets}"


def case(story: str, *words: str, forgets: bool = False, store: str = "sqlite") -> Case:
    """Make a case of a story and the words of its moments."""
    moments = tuple(map(Moment.parse, words))
    return Case(story=story, moments=moments, forgets=forgets, store=store)


_COMMITS: Final[Mapping[str, Sequence[int]]] = {
    "commit.appended": (1, 3, 13),
    "commit.sealed": (2, 8),
    "commit.done": (1, 2, 3, 5, 8, 13, 21, 30),
}
_CALLS: Final[Mapping[str, int]] = {"call.sending": 4, "call.sent": 8, "call.waiting": 2}  # a step
# Killed in every kind of message by the first story; how a message is edited is always the same.
_SHOWN: Final = ("commit.", "call.", "message.", "edit.", "post.announced", "sentence.")
_SENTENCES: Final = (1, 2, 3, 4, 5, 8)  # the notice, the card, both questions, lines
# What differs from one chat to another: how it delivers, how it is answered, how it shows things.
_CHATS: Final = ("delivery.", "answer.", "decision.", "post.", "sentence.", "edit.", "message.")
_TWICE: Final[tuple[Case, ...]] = (
    # at the restart's own boundaries
    case("approve", *["store.opened"] * 6),
    case("approve", *["executions.resumed"] * 6),
    case("approve", "request.recorded", "store.opened", "plan.made", "plan.recorded"),
    case("approve", "claim.recorded", "store.opened", "execution.begun", "executions.resumed"),
    # while what a crash left behind is looked for
    case("approve", "intent.recorded:pages", "probe.answered:pages"),
    case("approve", "intent.recorded:pages", "intent.withdrawn:pages"),
    case("approve", "intent.recorded:pages", "intent.withdrawn:pages", "intent.recorded:pages"),
    case("approve", "intent.recorded:api", "probe.answered:api", "step.recorded:api"),
    case("approve", "effect.answered:pages", "probe.answered:pages", "effect.verified:pages"),
    case("approve", "effect.answered:api", "probe.answered:api", "probe.answered:api"),
    case("approve", "effect.answered:api", "store.opened", "effect.recorded:api", "checks.seen"),
    case("approve", "effect.recorded:api", "effect.verified:api", "step.recorded:api"),
    case("approve", "steps.settled:verifying", "checks.seen", "checks.seen", "end.recorded"),
    # while people are told
    case("approve", "post.sent:notice", "post.sent:card", "post.sent:ask", "post.sent:line"),
    case("approve", "post.announced:summary", "post.announced:summary", "post.sent:summary"),
    case("approve", "end.recorded", "post.sent:ending", "post.sent:tell", "post.sent:summary"),
    case("approve", "decision.recorded:approved", "decision.recorded:approved", "answer.sent"),
    case("approve", "sentence.sent", "sentence.sent", "post.sent:notice", "sentence.sent"),
    case("doubt", "decision.recorded:step_settled", "effect.verified:api", "checks.seen"),
    # without what the durable engine knew
    case("approve", "claim.recorded", "takeover.recorded", forgets=True),
    case("approve", "execution.begun", "takeover.recorded", "intent.recorded:pages", forgets=True),
    case("approve", "effect.answered:api", "takeover.recorded", "probe.answered:api", forgets=True),
    case("approve", "steps.settled:verifying", "takeover.recorded", "checks.seen", forgets=True),
    case("approve", "end.recorded", "post.announced:summary", forgets=True),
)


def cases(story: str, trace: Sequence[str]) -> Iterator[Case]:
    """Yield a death at every moment that the story passed when nobody died, then the hostile."""
    since = STORIES[story].since
    if since and since not in trace:
        raise AssertionError(f"“{story}” never gets to {since}")
    if not since:
        yield from _anywhere(story, trace)
    else:
        yield case(story, since)
        later = trace[trace.index(since) + 1 :]
        names = dict.fromkeys(name for name in later if not name.startswith(_SHOWN))
        yield from (case(story, f"{since}>{name}") for name in names)
    yield from (one for one in _TWICE if one.story == story)


def is_of_chats(one: Case) -> bool:
    """Tell whether it has to do with the chat, or is one of the hostile."""
    return one in _TWICE or all(moment.name.startswith(_CHATS) for moment in one.moments)


def _anywhere(story: str, trace: Sequence[str]) -> Iterator[Case]:
    for name, count in Counter(trace).items():
        if name.startswith("commit."):
            yield from (case(story, f"{name}@{n}") for n in _COMMITS[name] if n <= count)
        elif name == "sentence.sent":
            yield from (case(story, f"{name}@{n}") for n in _SENTENCES if n <= count)
        elif name.startswith("call."):
            for step in ("pages", "api"):
                first = trace.index(f"intent.recorded:{step}")
                times = trace[first : trace.index(f"effect.answered:{step}")].count(name)
                numbers = range(1, min(times, _CALLS[name]) + 1)
                yield from (case(story, f"intent.recorded:{step}>{name}@{n}") for n in numbers)
        else:
            yield case(story, name)
            if count > 1 and not name.startswith(("message.", "post.announced")):
                yield case(story, f"{name}@2")
