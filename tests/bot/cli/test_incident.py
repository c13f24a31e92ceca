"""Incidents without any chat, played by real processes; those with two of them on both stores."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.cli.shop import PATIENCE, Shop, ended, id_in, shop
from tests.bot.cli.terminal import typed


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """An empty database, once of each kind."""
    if request.param == "sqlite":
        return "sqlite:///twokey.db"
    server: str = request.getfixturevalue("postgresql_url")
    return server


@pytest.fixture
def here(tmp_path: Path, database: str) -> Iterator[Shop]:
    """A shop that no chat knows."""
    with shop(tmp_path, database) as opened:
        yield opened


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_rollback_without_any_bot(here: Shop) -> None:
    """With no chat and no bot, one person asks, two approve, and the command carries it out."""
    asking = here.starts("responder", "rollback", "backend", "--reason", "API answers 500")
    known = here.until("pending")
    first = here.approve("manager-one", known)
    own = here.approve("responder", known)
    second = here.approve("manager-two", known)
    done = ended(asking)
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "recorded (1 of 2)" in first.stdout
    assert (own.returncode, here.effects()) == (2, {"railway.rollback": 1})
    assert "You asked for this rollback" in own.stderr
    assert done.returncode == 0, done.stderr
    assert "No bot is running" in done.stderr
    assert "is rolled back: verified" in done.stdout
    assert "Asked by" in done.stdout
    assert here.run("audit").returncode == 0
    assert here.status() == []


def test_a_rollback_beside_a_bot(here: Shop) -> None:
    """A running bot plans and runs what the command line asks for and decides, within moments."""
    bot = here.serve()
    asked = here.does("responder", "rollback", "backend", "--in", "production", "--no-follow")
    assert asked.returncode == 0, asked.stderr
    known = here.until("pending")
    following = here.start("follow", id_in(asked.stdout))
    for person in ("manager-one", "manager-two"):
        assert here.approve(person, known).returncode == 0
    done = ended(following)
    assert (done.returncode, here.effects()) == (0, {"railway.rollback": 1})
    assert "Summary" in done.stdout
    bot.send_signal(signal.SIGTERM)
    assert bot.wait(PATIENCE) == 0


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_chat_is_what_is_down(tmp_path: Path, database: str) -> None:
    """With a chat that does not answer it is carried out all the same, and owed to the chat."""
    team = "{team: T0123ABCD, bot_token: env:SLACK_BOT_TOKEN, app_token: env:SLACK_APP_TOKEN}"
    channels = "channels: [slack:T0123ABCD/C0123ABCD]\n    "
    with shop(tmp_path, database, chats=f"slack: {team}\n", channels=channels) as here:
        asking = here.starts("responder", "rollback", "backend")
        known = here.until("pending")
        for person in ("manager-one", "manager-two"):
            assert here.approve(person, known).returncode == 0
        done = ended(asking)
        assert (done.returncode, here.effects()) == (0, {"railway.rollback": 1}), done.stderr
        assert "Not everything could be shown in the chats yet" in done.stderr


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_two_ask_at_once(here: Shop) -> None:
    """Two who ask at the same moment without a bot get one rollback, and the other a sentence."""
    both = [here.starts(person, "rollback", "backend") for person in ("responder", "manager-one")]
    known = here.until("pending")
    assert here.does(known["requester"], "cancel").returncode == 0
    told = [ended(one) for one in both]
    assert sorted(one.returncode for one in told) == [1, 2], told
    assert not any("Traceback" in one.stderr for one in told)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_one_no_ends_it(here: Shop) -> None:
    """One rejection with its reason ends it, and whoever follows learns that it did not happen."""
    asking = here.starts("responder", "rollback", "backend")
    known = here.until("pending")
    said = here.does("manager-two", "reject", "--reason", "The fix\x1b[2J is merged")
    done = ended(asking)
    assert (said.returncode, done.returncode, here.effects()) == (0, 1, {})
    assert "rejected by Manager Two" in done.stdout
    after = here.run("status", known["id"])
    assert "The fix [2J is merged" in after.stdout
    assert "\x1b" not in after.stdout


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nobody_is_there_to_do_it(here: Shop) -> None:
    """Without a bot a request that nobody would carry out is refused, and a sentence says why."""
    done = here.does("responder", "rollback", "backend", "--no-follow")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert "No bot is running" in done.stderr


def test_whoever_dies_leaves_it_to_the_next_one(here: Shop) -> None:
    """If the command that carries it out is killed, its rollback stays, and a bot goes on."""
    asking = here.starts("responder", "rollback", "backend")
    known = here.until("pending")
    asking.kill()
    asking.wait()
    alone = here.approve("manager-one", known)
    assert "Nobody plans or runs at this moment" in alone.stderr
    here.serve()
    assert here.approve("manager-two", known).returncode == 0
    followed = here.run("follow", known["id"])
    assert (followed.returncode, here.effects()) == (0, {"railway.rollback": 1})


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let what is started be interrupted, although whoever started the tests may ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_interrupted(here: Shop) -> None:
    """Ctrl-C ends the command, says so, and leaves the request as it is."""
    asking = here.starts("responder", "rollback", "backend")
    here.until("pending")
    asking.send_signal(signal.SIGINT)
    done = ended(asking)
    assert (done.returncode, "Traceback" in done.stderr) == (130, False), done.stderr
    assert "stays open" in done.stderr
    assert "Next: twokey serve" in done.stderr
    assert here.status()[0]["state"] == "pending"
    assert here.does("responder", "cancel").returncode == 0
    assert here.status() == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_somebody_types_yes(here: Shop) -> None:
    """On a terminal the card is shown, and only a typed yes is an approval."""
    here.starts("responder", "rollback", "backend", "--reason", "[red]500[/red]")
    here.until("pending")
    no, card = typed(here, "y", "approve", "--key", "manager-one.pem")
    assert (no, "That was not yes. Nothing was changed." in card) == (2, True), card
    assert "Roll back backend in production?" in card
    assert "[red]500[/red]" in card
    assert here.status()[0]["given"] == 0
    yes, _ = typed(here, "yes", "approve", "--key", "manager-one.pem")
    assert (yes, here.status()[0]["given"]) == (0, 1)
    back = here.does("manager-one", "withdraw")
    assert (back.returncode, here.status()[0]["given"]) == (0, 0)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_was_typed_wrongly_is_a_sentence(here: Shop) -> None:
    """Whatever is wrong ends with a sentence and exit code 2, and changes nothing."""
    here.starts("responder", "rollback", "backend")
    known = here.until("pending")
    (here.folder / "open.pem").write_text((here.folder / "manager-one.pem").read_text())
    wrong = {
        ("missing", "approve"): "Make one with twokey key",
        ("open", "approve"): "chmod 600",
        ("manager-one", "approve"): "--digest DIGEST",
        ("manager-one", "approve", "rb-0000"): "There is no rollback",
        ("manager-one", "approve", "../../etc"): "There is no rollback",
        ("manager-one", "approve", "--digest", "abc"): "needs the first 8",
        ("manager-one", "approve", "--digest", "0" * 64): "is another one",
        ("manager-one", "resolve", known["id"], "--reason", "x"): "Your click changed nothing",
        ("manager-one", "settle", "api", "yes", "--yes"): "Your click changed nothing",
        ("responder", "rollback", "backnd"): "Did you mean backend?",
        ("responder", "rollback", "backend", "--in", "moon"): "has no environment",
        ("responder", "rollback", "backend", "--no-follow"): "has an open rollback already",
        ("responder", "reject"): "You asked for this rollback",
        ("outsider", "cancel"): "Only the person who asked or an approver",
    }
    for words, sentence in wrong.items():
        code, said = here.attempts(*words)
        assert (code, sentence in said) == (2, True), (words, said)
    after = here.status()
    assert [(one["state"], one["given"]) for one in after] == [("pending", 0)]
    assert f"Digest {known['digest']}" in here.says("details")[1]
