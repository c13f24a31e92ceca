"""What people are told: one file = one thing, each a pure function of a rollback's state.

notice      in the channel, edited in place from the request to the end
card        the approval card, in the thread and as a direct message
lines       one sentence for one event, in the thread and as a direct message
summary     what is known once it ended, as data; report makes it a message

They share words (signs, durations, lists), changes (a plan), status and endings (a state),
progress (the ticks) and facts.
"""

from collections.abc import Sequence

from bot.domain.event import Event
from bot.domain.people import People
from bot.domain.rollback import Rollback
from bot.message import Message
from bot.ports import Kind, Posting, Renderer
from notifications.card import card
from notifications.lines import line
from notifications.notice import notice
from notifications.report import ending_note, report
from notifications.summary import Summary, summary, to_json

__all__ = ["Summary", "renderer", "report", "summary", "to_json"]


def renderer(people: People) -> Renderer:
    """Return what makes the message of every posting, with people called by their names."""

    def render(posting: Posting, rollback: Rollback, events: Sequence[Event]) -> Message | None:
        match posting.kind:
            case Kind.NOTICE:
                return notice(rollback, people)
            case Kind.CARD | Kind.ASK:
                return card(rollback, people, reader=_reader(posting, people))
            case Kind.LINE | Kind.TELL:
                in_thread = posting.kind is Kind.LINE
                return line(rollback, events, people, about=posting.about, in_thread=in_thread)
            case Kind.SUMMARY if rollback.state.is_terminal:
                return report(summary(rollback, events, people))
            case Kind.ENDING if rollback.state.is_terminal:
                return ending_note(rollback, people)
            case Kind.SUMMARY | Kind.ENDING:
                return None

    return render


def _reader(posting: Posting, people: People) -> str | None:
    """Return whose direct messages these are, if they are any, and empty if nobody's any more."""
    if posting.kind is not Kind.ASK:
        return None
    account = posting.place.person
    person = people.find(account) if account else None
    return person.key if person else ""
