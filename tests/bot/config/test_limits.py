"""What has limits, and what has to fit together."""

from pathlib import Path

import pytest

from bot.domain.allowance import Allowance
from tests.bot.config.samples import ENVIRON, GOOD, changed, complaints, read, slack_of


@pytest.mark.parametrize("number", ["0", "-1", "1.5", '"two"', "1000000", "11"])
def test_approvals_out_of_range(tmp_path: Path, number: str) -> None:
    """The number of approvals is a whole number in its range, and the sentence says which."""
    said = complaints(tmp_path, changed(("people:", f"policy: {{approvals: {number}}}\npeople:")))

    assert said == ["3:21 policy.approvals: must be a whole number from 1 to 10"]


@pytest.mark.parametrize("written", ["0", "10001", "5٣", "many", "-1"])
@pytest.mark.parametrize("key", ["open", "per_person"])
def test_limits_out_of_range(tmp_path: Path, key: str, written: str) -> None:
    """How much may be asked for is a whole number, too."""
    said = complaints(tmp_path, changed(("people:", f"limits: {{{key}: {written}}}\npeople:")))

    assert len(said) == 1
    assert said[0].endswith(f"limits.{key}: must be a whole number from 1 to 10000")


def test_limits_are_read_key_by_key(tmp_path: Path) -> None:
    """What is written counts, and the rest keeps its default."""
    settings = read(tmp_path, changed(("people:", "limits: {open: 7}\npeople:")))

    assert settings.allowance == Allowance(open=7, per_person=10)


@pytest.mark.parametrize(
    ("written", "limits"),
    [
        ("approve_ttl: 59s", "from 1m to 24h"),
        ("approve_ttl: 24h1s", "from 1m to 24h"),
        ("start_delay: 11m", "from 0s to 10m"),
        ("start_delay: -5s", "from 0s to 10m"),
        ("exec_ttl: 10", "from 10s to 1h"),
        ("exec_ttl: 1m1h", "from 10s to 1h"),
        ("exec_ttl: ''", "from 10s to 1h"),
        ("budget: 5 minuts", "from 10s to 1h"),
        ("budget: ٣m", "from 10s to 1h"),
    ],
)
def test_durations_out_of_range(tmp_path: Path, written: str, limits: str) -> None:
    """A duration that is too short, too long or written in another way is told its limits."""
    said = complaints(tmp_path, changed(("people:", f"policy: {{{written}}}\npeople:")))

    assert len(said) == 1
    assert said[0].endswith(f"must be a time {limits}, written like 90s, 30m or 1h30m")


def test_a_destructive_target_needs_more(tmp_path: Path) -> None:
    """A target that can destroy something takes two others and leaves time to stop it."""
    said = complaints(
        tmp_path,
        changed(
            ("shop.rollback", "shop.restore"),
            ("    steps:", "    policy: {approvals: 1, start_delay: 0s}\n    steps:"),
        ),
    )

    assert said == [
        (
            "13:13 targets[0].policy: a destructive target needs a start_delay, so that "
            "somebody can still press Stop"
        ),
        "13:13 targets[0].policy: a destructive target needs approvals: 2 or more",
    ]


def test_targets_are_told_apart_without_case(tmp_path: Path) -> None:
    """Two targets whose names differ in capitals alone are the same for people."""
    second = GOOD.partition("targets:\n")[2].replace("name: backend", "name: BackEnd")

    assert complaints(tmp_path, GOOD + second) == [
        (
            "21:5 targets[1]: is in line 8 already; "
            "two targets can't have the same name and environment"
        )
    ]


def test_steps_need_names_of_their_own(tmp_path: Path) -> None:
    """Two steps of one target can't share a name."""
    again = "      - {name: api, use: shop.rollback, project: shop}\n    checks:"

    assert complaints(tmp_path, changed(("    checks:", again))) == [
        "17:16 targets[0].steps[1].name: is in line 14 already; each needs a name of its own"
    ]


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "13:12 targets[0].steps: has too few entries; it needs 1 or more"),
        (33, "13:12 targets[0].steps: has too many entries; it may have 32"),
    ],
)
def test_the_number_of_steps(tmp_path: Path, count: int, said: str) -> None:
    """A target has at least one step and at most 32."""
    steps = ", ".join(
        f"{{name: s{index}, use: shop.rollback, project: shop}}" for index in range(count)
    )
    old = "    steps:\n      - name: api\n        use: shop.rollback\n        project: shop\n"

    assert complaints(tmp_path, changed((old, f"    steps: [{steps}]\n"))) == [said]


def test_a_bad_entry_does_not_make_its_list_too_short(tmp_path: Path) -> None:
    """A list whose only entry is wrong is told about the entry alone."""
    said = complaints(tmp_path, changed(("slack:T0123ABCD/U0RESPOND", "someone")))

    assert len(said) == 1
    assert said[0].startswith("4:43 people.responder.accounts[0]: must be an id")


def test_addresses_in_the_environment_are_checked(tmp_path: Path) -> None:
    """Slack's tokens are never sent in the clear to another machine."""
    environ = ENVIRON | {"SLACK_API_BASE": "http://slack.example.com/api"}

    assert complaints(tmp_path, GOOD, environ=environ) == [
        (
            "2:8 slack: the environment variable SLACK_API_BASE must start with https://; "
            "only an address on this machine may use http"
        )
    ]


def test_blank_addresses_in_the_environment_say_nothing(tmp_path: Path) -> None:
    """A variable that is set to nothing leaves Slack's own address in place."""
    settings = read(tmp_path, environ=ENVIRON | {"SLACK_API_BASE": " "})

    assert slack_of(settings).api_base == "https://slack.com/api/"
