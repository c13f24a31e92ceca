"""Every mistake is named with its place and the way out."""

from pathlib import Path

import pytest

from tests.bot.config.samples import ENVIRON, changed, complaints

TEN_MISTAKES = """\
version: 1
slack: {team: T0123ABCD, bot_token: xoxb-1234-abcd, app_token: env:SLACK_APP_TOKEN}
people:
  responder: {name: Responder, accounts: [slack:T0123ABCD/U0RESPOND]}
  manager-one: {name: Manager One, accounts: ["@manager"]}
  manager-two: {name: Manager Two, accounts: [slack:T0123ABCD/U0RESPOND]}
  responder: {name: Responder again, accounts: [slack:T0123ABCD/U0AGAIN]}
policy: {aprovals: 2, approve_ttl: 5 minuts}
targets:
  - name: backend
    environment:
    affected: Backend
    channels: [slack:T0123ABCD/C0DEPLOYS]
    approvers: [responder, manager-one, manger-two]
    steps:
      - name: api
        use: shop.rolback
        project: shop
    checks:
      - {name: the page, use: look.page, url: "https://me:secret@shop.example.com/"}
"""


def test_ten_mistakes_at_once(tmp_path: Path) -> None:
    """A file with ten mistakes hears of all ten, in order, each with its line."""
    assert complaints(tmp_path, TEN_MISTAKES) == [
        "2:37 slack.bot_token: must be env:NAME or file:PATH, never the secret itself",
        (
            "5:47 people.manager-one.accounts[0]: must be an id and never a name, such as "
            "slack:T0123ABCD/U0123ABCD or discord:123456789012345678/234567890123456789"
        ),
        (
            "6:47 people.manager-two.accounts[0]: is in line 4 already; "
            "one account belongs to one person"
        ),
        "7:3 people.responder: is written twice, in line 4 and here; keep one of them",
        "8:10 policy.aprovals: is no key that is known here; did you mean approvals?",
        "8:36 policy.approve_ttl: must be a time from 1m to 24h, written like 90s, 30m or 1h30m",
        "11:5 targets[0].environment: has no value; write one or take the key away",
        (
            "14:41 targets[0].approvers[2]: nobody under people: has the key “manger-two”; "
            "did you mean manager-two?"
        ),
        (
            "17:14 targets[0].steps[0].use: no action is called “shop.rolback”; "
            "did you mean shop.rollback?"
        ),
        "20:47 targets[0].checks[0].url: must hold no user name and no password",
    ]


A_NAME = "must be a name of letters, digits, dots, dashes and underscores, 60 at most"
A_DATABASE = "must be sqlite:///FILE or postgresql://HOST/NAME; env:NAME and file:PATH point to one"
NO_PASSWORD = "must not hold the password; write env:NAME, and the address in there"
NOT_IN_THE_CLEAR = "must start with https://; only an address on this machine may use http"

# What is replaced in the good file, by what, and what is said.
VALUES = [
    ("version: 1", "version: 2", "1:10 version: must be 1, the only version of this format so far"),
    (
        "team: T0123ABCD,",
        "team: the-team,",
        "2:15 slack.team: must be the id of the team, such as T0123ABCD",
    ),
    (
        "name: Manager One",
        "name: [Manager, One]",
        "5:23 people.manager-one.name: must be one text",
    ),
    ("{name: Manager One,", "{", "5:16 people.manager-one.name: is missing"),
    (
        "people:",
        "people:\n  out sider: {name: Outsider, accounts: [slack:T0123ABCD/U0OUTSIDE]}",
        f"4:3 people[“out sider”]: {A_NAME}",
    ),
    (
        "name: backend",
        "name: back end",
        f"8:11 targets[0].name: {A_NAME}",
    ),
    (
        "affected: Backend",
        "affected: ''",
        "10:15 targets[0].affected: must be a text in one line, of 1 to 100 characters",
    ),
    (
        "slack:T0123ABCD/C0DEPLOYS",
        "'#deploys'",
        (
            "11:16 targets[0].channels[0]: must be an id and never a name, such as "
            "slack:T0123ABCD/C0123ABCD or discord:123456789012345678/345678901234567890"
        ),
    ),
    (
        "slack:T0123ABCD/C0DEPLOYS",
        "slack:T0OTHER/C0DEPLOYS",
        "11:16 targets[0].channels[0]: is in the team T0OTHER, and slack: connects to T0123ABCD",
    ),
    (
        "slack:T0123ABCD/U0RESPOND",
        "slack:T0OTHER/U0RESPOND",
        (
            "4:43 people.responder.accounts[0]: is in the team T0OTHER, and slack: connects to "
            "T0123ABCD"
        ),
    ),
    (
        "[responder, manager-one, manager-two]",
        "responder",
        "12:16 targets[0].approvers: must be a list",
    ),
    (
        "[responder, manager-one, manager-two]",
        "[responder, manager-one, manager-two, responder]",
        "12:54 targets[0].approvers[3]: is in line 12 already; a person counts once",
    ),
    (
        "[responder, manager-one, manager-two]",
        "[manager-one, manager-two]",
        (
            "12:16 targets[0].approvers: if manager-one asks, only 1 of the 2 needed approvers are "
            "left; add approvers"
        ),
    ),
    (
        "    channels: [slack:T0123ABCD/C0DEPLOYS]\n",
        "",
        (
            "11:16 targets[0].approvers: if responder asks, only 0 of the 2 needed approvers are "
            "left; add approvers who can decide here, with a key: responder, manager-one, "
            "manager-two can't"
        ),
    ),
    (
        "project: shop",
        "project: shop\n        projct: shop",
        "17:9 targets[0].steps[0].projct: is no key that is known here; did you mean project?",
    ),
    (
        "project: shop",
        "project: shop\n        need: []",
        "17:9 targets[0].steps[0].need: is no key that is known here; did you mean needs?",
    ),
    (
        "project: shop",
        "project: shop\n        needs: [site]",
        "17:17 targets[0].steps[0].needs[0]: step api needs site, which is not a step before it",
    ),
    ("        project: shop\n", "", "14:9 targets[0].steps[0].project: is missing"),
    (
        "project: shop",
        "project: shop\n        count: 1.5",
        "17:16 targets[0].steps[0].count: must be a whole number",
    ),
    (
        "project: shop",
        "project: shop\n        count: 0",
        "17:16 targets[0].steps[0].count: must be 1 or more",
    ),
    (
        "project: shop",
        "project: shop\n        either: some",
        "17:17 targets[0].steps[0].either: must be a whole number",
    ),
    (
        "project: shop",
        "project: shop\n        windows: [{open: now}]",
        (
            "17:20 targets[0].steps[0].windows[0].open: is no key that is known here; "
            "did you mean opens?"
        ),
    ),
    ("use: shop.rollback", "use: []", "15:14 targets[0].steps[0].use: must be one text"),
    (
        "use: look.page",
        "use: shop.rollback",
        "19:14 targets[0].checks[0].use: no assertion is called “shop.rollback”",
    ),
    (
        "project: shop",
        "project: ghp_0123456789abcdef0123",
        "16:18 targets[0].steps[0].project: looks like a secret, and this file is no place for one",
    ),
    (
        "people:",
        "endpoints: {shp: https://shop.example.com}\npeople:",
        "3:13 endpoints.shp: no action or assertion knows it; did you mean shop?",
    ),
    (
        "people:",
        "endpoints: {shop: 'http://shop.example.com'}\npeople:",
        f"3:19 endpoints.shop: {NOT_IN_THE_CLEAR}",
    ),
    (
        "people:",
        "endpoints: {shop: 'https://me@shop.example.com'}\npeople:",
        "3:19 endpoints.shop: must hold no user name and no password",
    ),
    (
        "people:",
        "endpoints: {shop: 'https://[shop'}\npeople:",
        "3:19 endpoints.shop: must be an address such as https://api.example.com",
    ),
    (
        "people:",
        "secrets: {SHOP_TOKN: env:SHOP_TOKEN}\npeople:",
        "3:11 secrets.SHOP_TOKN: no action or assertion knows it; did you mean SHOP_TOKEN?",
    ),
    (
        "people:",
        "database: mysql://db.example.com/twokey\npeople:",
        f"3:11 database: {A_DATABASE}",
    ),
    (
        "people:",
        "database: postgresql://me:word@db.example.com/twokey\naudit_key: env:KEY\npeople:",
        f"3:11 database: {NO_PASSWORD}",
    ),
    (
        "people:",
        "database: postgresql://db.example.com/twokey?password=word\naudit_key: env:KEY\npeople:",
        f"3:11 database: {NO_PASSWORD}",
    ),
    (
        "people:",
        "database: env:NONE\npeople:",
        "3:11 database: the environment variable NONE is not set; set it where Twokey starts",
    ),
    (
        "people:",
        "database: env:KEY\npeople:",
        f"3:11 database: what it points to {A_DATABASE}",
    ),
    (
        "people:",
        "database: 'sqlite:///:memory:'\npeople:",
        f"3:11 database: {A_DATABASE}",
    ),
]


@pytest.mark.parametrize(("old", "new", "said"), VALUES)
def test_one_mistake(tmp_path: Path, old: str, new: str, said: str) -> None:
    """A single mistake is named once, at its place, with what is wanted instead."""
    environ = ENVIRON | {"KEY": "0a" * 32}

    assert complaints(tmp_path, changed((old, new)), environ=environ) == [said]
