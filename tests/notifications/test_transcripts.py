"""What people read in the main states, word for word, 40 columns wide."""

from pathlib import Path

import pytest

from bot.chat.markdown import to_text
from bot.domain.rollback import State
from bot.ports import Kind, Posting
from notifications import renderer
from tests.bot.builders import DEPLOYS, NOON
from tests.notifications import stories

render = renderer(stories.PEOPLE)


def transcript(state: State, kind: Kind) -> str:
    """Return what people read, as text."""
    rollback = stories.at(state)
    message = render(Posting(rollback.id, kind, DEPLOYS), rollback, stories.events(rollback))
    assert message is not None
    return to_text(message, width=40, day=NOON.date())


TRANSCRIPTS = {
    (State.PENDING, Kind.NOTICE): """\
🚨 EMERGENCY ROLLBACK · backend ·
production
Awaiting approval 0/2 · expires 12:30
UTC
Issue      API answers 500
Affected   Backend (Railway api)
Started    12:00 UTC · by Responder
ETA        about 1 min after approval,
           then the checks
Plan       Vercel shop v42 → v41,
           Railway api v42 → v41

Actions taken
☐ Vercel shop
☐ Railway api
☐ Verification complete

Next       2 more approvals in the
           thread: Manager One, Manager
           Two
rb-7f3k
""",
    (State.RUNNING, Kind.NOTICE): """\
🟠 EMERGENCY ROLLBACK · backend ·
production
In progress · step 2 of 2 · since 12:02
UTC · budget 5 min
Issue      API answers 500
Affected   Backend (Railway api)
Started    12:00 UTC · by Responder
ETA        about 1 min from 12:02 UTC,
           then the checks
Plan       Vercel shop v42 → v41,
           Railway api v42 → v41

Actions taken
☑ Vercel shop · 18 s · v42 → v41
▶ Railway api · v42 → v41 · since 12:02
  UTC
☐ Verification complete

Next       reading back, then production
           has to pass health
rb-7f3k
""",
    (State.SUCCEEDED, Kind.NOTICE): """\
🟢 ROLLED BACK · backend · production
Verified 12:04 UTC by 1 check and 2
read-backs, 2 min 12 s after the last
approval.
Issue      API answers 500
Affected   Backend (Railway api)
Started    12:00 UTC · by Responder
ETA        over, after 2 min 6 s
Plan       Vercel shop v42 → v41,
           Railway api v42 → v41

Actions taken
☑ Vercel shop · 18 s · v42 → v41
☑ Railway api · 24 s · v42 → v41
☑ Verification complete · 1 check held

📌 Production is held at v41; a fix goes
live only after Undo.
Next       nothing is left to do; the
           summary is in the thread
rb-7f3k
""",
    (State.PARTIAL, Kind.NOTICE): """\
🔴 PARTLY FAILED · backend · production
Done: Vercel shop; not done: Railway api
(Railway refused: 403).
Issue      API answers 500
Affected   Backend (Railway api)
Started    12:00 UTC · by Responder
ETA        over, after 54 s
Plan       Vercel shop v42 → v41,
           Railway api v42 → v41

Actions taken
☑ Vercel shop · 18 s · v42 → v41
✗ Railway api · not done: Railway
  refused: 403
– Verification · not reached

📌 Production is held at v41; a fix goes
live only after Undo.
Next       What it touched stays locked
           until two people say that it
           was looked after.
rb-7f3k
""",
    (State.PENDING, Kind.CARD): """\
Roll back backend in production?
Checks     health fails
Changes    Vercel shop v42 → v41;
           Railway api v42 → v41
Does NOT   database writes
come back
Undo       promote v42, about 1 min;
           redeploy v42, about 2 min
Approvals  0 of 2, requester not counted
Comes back code; image; variables
Risk       reversible · asked by
           Responder
“API answers 500”
[ Approve ]  [ Reject… ]  [ Details ]
[ Cancel ]
Plan 1dc93732 · rb-7f3k · until 12:30
UTC · needs 2 of Manager One, Manager
Two
""",
    (State.QUORUM, Kind.CARD): """\
🚨 EMERGENCY ROLLBACK · backend ·
production
Approved 2/2 · starts in 5 s, 12:02 UTC
Checks     health fails
Changes    Vercel shop v42 → v41;
           Railway api v42 → v41
Does NOT   database writes
come back
Undo       promote v42, about 1 min;
           redeploy v42, about 2 min
Approvals  2 of 2, requester not counted
Approved   Manager One 12:01 UTC,
by         Manager Two 12:02 UTC
Comes back code; image; variables
Risk       reversible · asked by
           Responder
“API answers 500”
[ Stop ]  [ Details ]
Plan 1dc93732 · rb-7f3k
""",
    (State.WAITING, Kind.CARD): """\
🟣 NEEDS AN ANSWER · backend · production
In doubt · Railway api was sent, the
answer was lost · answer by 2026-11-22
12:02 UTC
Changes    Vercel shop v42 → v41;
           Railway api v42 → v41
Does NOT   database writes
come back
Undo       promote v42, about 1 min;
           redeploy v42, about 2 min
Approvals  2 of 2, requester not counted
Approved   Manager One 12:01 UTC,
by         Manager Two 12:02 UTC
Comes back code; image; variables
Risk       reversible · asked by
           Responder
“API answers 500”
In doubt · Railway api was sent, the
answer was lost. Did it happen? Look
whether it is at v41.
[ It happened ]  [ It did not ]
Plan 1dc93732 · rb-7f3k
""",
    (State.SUCCEEDED, Kind.SUMMARY): """\
Summary · backend · production · rb-7f3k
Rolled back: Vercel shop v42 → v41,
Railway api v42 → v41. Failed before and
passes now: health. Verified by 1 check
and 2 read-backs. It took 4 min 12 s
from the request to the end. Did not
come back, by the plan: database writes.
“API answers 500”
Asked by   Responder, 12:00 UTC
Approved   Manager One 12:01 UTC,
by         Manager Two 12:02 UTC

Timeline
☑ 10:00 UTC · Railway api: v42 was made
☑ 11:48 UTC · Vercel shop: v42 was made
☑ 12:00 UTC · asked by Responder
☑ 12:00 UTC · plan ready
☑ 12:01 UTC · approved 1/2 by Manager
  One
– 3 more between these
☑ 12:02 UTC · Vercel shop done (18 s)
☑ 12:02 UTC · Railway api started
☑ 12:03 UTC · Railway api done (24 s)
☑ 12:03 UTC · all steps done, checks
  started
☑ 12:04 UTC · ended: succeeded

Steps
☑ Vercel shop v42 → v41 · 18 s ·
  production: expected v41, saw v41
☑ Railway api v42 → v41 · 24 s ·
  service: expected v41, saw v41

Checks     health failed: expected 200,
before     saw 500
Checks     health held
after
Times      from the bad version to the
           request 12 min · to approve 2
           min · to restore 54 s · to
           verify 1 min 12 s
Data       Did not come back, by the
           plan: database writes.
Not        whatever health can't see;
verified   how long users had errors
Afterwards Production is held at v41; a
           fix goes live only after
           Undo.
rb-7f3k · plan 1dc93732
""",
    (State.SUCCEEDED, Kind.ENDING): """\
🟢 ROLLED BACK · backend · production
Rolled back: Vercel shop v42 → v41,
Railway api v42 → v41. Failed before and
passes now: health. Verified by 1 check
and 2 read-backs. It took 4 min 12 s
from the request to the end. Did not
come back, by the plan: database writes.
rb-7f3k
""",
}


@pytest.mark.parametrize(("state", "kind"), TRANSCRIPTS)
def test_people_read_exactly_this(state: State, kind: Kind) -> None:
    """The main states of every message read as they were checked by eye."""
    assert transcript(state, kind) == TRANSCRIPTS[state, kind]


def test_the_documentation_shows_what_people_read() -> None:
    """Every transcript in the documentation of the cards is one of these."""
    documentation = (Path(__file__).parents[2] / "docs/cards.md").read_text()
    shown = documentation.split("```text\n")[1:]

    assert shown
    for block in shown:
        assert block.partition("```")[0] in TRANSCRIPTS.values()
