"""Words from outside stay words: never bold, code, link or mention, and never too long."""

from collections.abc import Iterator
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.markdown import to_markdown, to_text
from bot.chat.slack.blocks import render as as_slack
from bot.domain.plan import Evidence, Point
from bot.domain.rollback import Rollback, State
from bot.message import (
    Block,
    Checklist,
    Code,
    Facts,
    Inline,
    Line,
    Link,
    Mention,
    Message,
    Note,
    Quote,
    Strong,
    Title,
)
from bot.ports import Kind, Posting
from notifications import renderer
from tests.bot import builders
from tests.notifications import stories
from tests.notifications.stories import minutes

HOSTILE = "<!channel> *bold* `code` [link](http://evil.example) @everyone\n\x1b[31m\u202eevil"
render = renderer(stories.PEOPLE)


def infested(state: State, words: str) -> Rollback:
    """Return the rollback with these words wherever somebody or some system could put them."""
    rollback = stories.at(state, reason=words, wanted=words)
    if rollback.plan is not None:
        preview = builders.preview(
            subject=words,
            before=Point("dep-42", words),
            after=Point("dep-41", words),
            comes_back=(words,) * 40,
            stays_lost=(words,) * 40,
            warnings=(words, f"{words}."),
            undo=words,
        )
        seen = Evidence("health", words, words, holds=False, at=minutes(0))
        steps = tuple(replace(step, preview=preview) for step in rollback.plan.steps)
        rollback = replace(rollback, plan=replace(rollback.plan, steps=steps, baseline=(seen,)))
        rollback = replace(rollback, checks=(seen,) if rollback.checks else ())
    if rollback.outcome is not None:
        rollback = replace(rollback, outcome=replace(rollback.outcome, because=words))
    return replace(rollback, steps=tuple(replace(run, note=words) for run in rollback.steps))


def everything(rollback: Rollback) -> Iterator[Message]:
    """Render all messages of a rollback."""
    events = stories.events(rollback)
    for kind in Kind:
        is_about_events = kind in {Kind.LINE, Kind.TELL}
        for about in [event.sequence for event in events] if is_about_events else [0]:
            posting = Posting(rollback.id, kind, builders.DEPLOYS, about)
            message = render(posting, rollback, events)
            if message is not None:
                yield message


def inlines(block: Block) -> Iterator[Inline | Title]:
    """Return the parts of a block."""
    match block:
        case Title():
            yield block
        case Line(parts) | Note(parts):
            yield from parts
        case Facts(facts):
            yield from (part for fact in facts for part in fact.parts)
        case Checklist(_, ticks):
            yield from (part for tick in ticks for part in tick.parts)
        case _:
            return


def test_only_our_own_words_are_formatted() -> None:
    """In no state do words from outside stand in a title, bold, as code, link or mention."""
    for state in State:
        for message in everything(infested(state, HOSTILE)):
            for part in (part for block in message.blocks for part in inlines(block)):
                if isinstance(part, Title | Strong | Code | Link):
                    assert "evil" not in part.text
                assert not isinstance(part, Mention)


@settings(deadline=None, max_examples=50)  # each example renders some twenty messages
@given(st.sampled_from(State), st.text(max_size=200))
def test_any_words_can_be_shown(state: State, words: str) -> None:
    """Whatever is said, every message renders, and its text stays one line."""
    for message in everything(infested(state, words)):
        assert "\n" not in message.text
        assert to_text(message, width=40)
        assert to_markdown(message)


def test_long_words_are_cut() -> None:
    """A reason of 5,000 characters leaves every message short enough for a phone."""
    for state in State:
        for message in everything(infested(state, "a word too much " * 300)):
            assert len(message.text) <= 1500
            assert len(to_text(message, width=40)) <= 6000
            quotes = [block.text for block in message.blocks if isinstance(block, Quote)]
            assert all(len(quote) <= 500 for quote in quotes)


def test_slack_takes_every_message_whole() -> None:
    """However much there is to say, no message is longer than what Slack shows."""
    for state in State:
        for message in everything(infested(state, "a word too much " * 300)):
            _, blocks = as_slack(message)

            assert "Shortened" not in str(blocks)
