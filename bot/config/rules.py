"""What has to fit together across the file; each rule looks at whatever can be looked at."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from pydantic import ValidationError

from bot.config.document import Entries, Plain, each, entries, items, text
from bot.config.problems import SECRET, USERINFO, KeyPath, did_you_mean, shown
from bot.config.report import Report
from bot.config.shape import CheckSection, PolicySection, StepSection, policy
from bot.domain.plan import order_problems
from bot.domain.target import Risk, Target, policy_problems
from bot.ports import Action, ActionTypes, Assertion, AssertionTypes

Kinds = Mapping[str, type[Action] | type[Assertion]]


class Rules:
    """The rules over one file; each complains to the report about what it finds."""

    def __init__(
        self, file: Entries, report: Report, *, actions: ActionTypes, assertions: AssertionTypes
    ) -> None:
        """Take what is to be looked at, and what configuration can name."""
        self._file, self._report = file, report
        self._actions, self._assertions = actions, assertions
        self._people = entries(file.get("people"))
        slack = entries(file.get("slack"))
        more = items(entries(slack.get("oauth")).get("more_teams"))
        guild = text(entries(file.get("discord")).get("guild"))
        self._homes = {
            "slack": [text(slack.get("team")), *map(text, more)] if slack else [],
            "discord": [guild] if guild else [],
        }

    def check(self) -> None:
        """Look at everything."""
        kinds: Kinds = {**self._actions, **self._assertions}
        self._check_known("endpoints", {use.partition(".")[0] for use in kinds})
        self._check_known("secrets", {name for kind in kinds.values() for name in kind.secrets})
        self._check_slack()
        for section in ("people", "targets"):
            self._check_scalars(self._file.get(section), (section,))
        accounts: list[tuple[KeyPath, str]] = []
        for key, person in self._people.items():
            accounts += _texts(entries(person), "accounts", ("people", key))
        self._check_unique(accounts, "one account belongs to one person")
        for path, account in accounts:
            self._check_home(account, path)
        targets = _sections(self._file, "targets", ())
        names = [(path, _name(target).casefold()) for path, target in targets]
        self._check_unique(names, "two targets can't have the same name and environment")
        for path, target in targets:
            self._check_target(target, path)

    def _check_slack(self) -> None:
        slack = entries(self._file.get("slack"))
        if not slack or slack.get("receive", "socket") not in {"socket", "http"}:
            return  # the report has that mistake
        is_http = slack.get("receive") == "http"
        self._check_oauth(slack, is_http=is_http)
        needed, other = ("signing_secrets", "app_token")[:: 1 if is_http else -1]
        how = "receive: http" if is_http else "Socket Mode"
        if not slack.get(needed):
            self._report.at_key(("slack", needed), f"is missing; {how} needs it")
        if other in slack:
            self._report.at_key(("slack", other), f"is not used with {how}; take one of them away")
        if is_http and "listen" not in self._file:
            why = "is missing; receive: http needs it, such as listen: {port: 8080}"
            self._report.at_key(("listen",), why)

    def _check_oauth(self, slack: Entries, *, is_http: bool) -> None:
        if "oauth" not in slack and not slack.get("bot_token"):
            self._report.at_key(("slack", "bot_token"), "is missing; or write oauth")
        if "oauth" in slack and "bot_token" in slack:
            why = "is not used with oauth, which brings tokens of its own; take one of them away"
            self._report.at_key(("slack", "bot_token"), why)
        if "oauth" in slack and not is_http:
            self._report.at_key(("slack", "oauth"), "needs receive: http")

    def _check_known(self, section: str, known: set[str]) -> None:
        for key in entries(self._file.get(section)):
            if key not in known:
                near = did_you_mean(key, known)
                self._report.at_key((section, key), f"no action or assertion knows it{near}")

    def _check_scalars(self, value: "Plain | None", path: KeyPath) -> None:
        for key, inner in entries(value).items():
            self._check_scalars(inner, (*path, key))
        for index, inner in enumerate(items(value)):
            self._check_scalars(inner, (*path, index))
        if SECRET.search(text(value)):
            self._report.at(path, "looks like a secret, and this file is no place for one")
        if USERINFO.search(text(value)):
            self._report.at(path, "must hold no user name and no password")

    def _check_unique(self, found: Iterable[tuple[KeyPath, str]], why: str) -> None:
        first: dict[str, KeyPath] = {}
        for path, value in found:
            before = first.setdefault(value, path)
            if value and before is not path:
                line = self._report.line(before)
                self._report.at(path, f"is in line {line} already; {why}")

    def _check_home(self, place: str, path: KeyPath) -> None:
        """Check that an account or a channel is where Twokey is."""
        match = re.fullmatch(r"(slack|discord):(T[A-Z0-9]+|[0-9]+)/.*", place)
        if match is None:
            return  # the report has that mistake, or it is no place of a chat
        platform, home = match.groups()
        known = self._homes[platform]
        if platform not in self._file:
            self._report.at(path, f"is on {platform}, and the section {platform}: is missing")
        elif all(re.fullmatch(r"T[A-Z0-9]+|[0-9]+", one) for one in known) and home not in known:
            what = {"slack": "team", "discord": "server"}[platform]
            connected = " and ".join(map(shown, known))
            why = f"is in the {what} {shown(home)}, and {platform}: connects to {connected}"
            self._report.at(path, why)

    def _check_target(self, target: Entries, path: KeyPath) -> None:
        channels = _texts(target, "channels", path)
        for place, channel in channels:
            self._check_home(channel, place)
        homes = [(place, channel.partition("/")[0]) for place, channel in channels]
        self._check_unique(homes, "a target has one channel in each workspace or server")
        approvers = _texts(target, "approvers", path)
        self._check_unique(approvers, "a person counts once")
        for place, key in approvers:
            if key not in self._people:
                near = did_you_mean(key, self._people)
                self._report.at(place, f"nobody under people: has the key “{shown(key)}”{near}")
        steps = _sections(target, "steps", path)
        checks = _sections(target, "checks", path)
        for found in (steps, checks):
            names = [((*place, "name"), text(step.get("name"))) for place, step in found]
            self._check_unique(names, "each needs a name of its own")
        for place, step in steps:
            self._check_use(step, place, self._actions, own=StepSection.model_fields)
        for place, step in checks:
            self._check_use(step, place, self._assertions, own=CheckSection.model_fields)
        self._check_needs(steps)
        if approvers:
            self._check_policy(target, path)

    def _check_use(
        self, step: Entries, path: KeyPath, kinds: Kinds, *, own: Mapping[str, object]
    ) -> None:
        """Check the parameters against what the action or assertion says of itself."""
        use = text(step.get("use"))
        if use in kinds:
            parameters = {key: value for key, value in step.items() if key not in own}
            self._report.read(kinds[use], parameters, path, around=own)
        elif use:
            what = "action" if kinds is self._actions else "assertion"
            near = did_you_mean(use, kinds)
            self._report.at((*path, "use"), f"no {what} is called “{shown(use)}”{near}")

    def _check_needs(self, steps: Iterable[tuple[KeyPath, Entries]]) -> None:
        before: dict[str, tuple[str, ...]] = {}
        for path, step in steps:
            name = text(step.get("name"))
            for place, need in _texts(step, "needs", path):
                for problem in order_problems({**before, name: (need,)}):
                    self._report.at(place, problem)
            before[name] = ()

    def _check_policy(self, target: Entries, path: KeyPath) -> None:
        try:
            sections = [
                PolicySection.model_validate(holder.get("policy", {}), strict=False)
                for holder in (self._file, target)
            ]
        except ValidationError:
            return  # the report has its mistakes
        uses = (text(step.get("use")) for _, step in _sections(target, "steps", path))
        risks = {self._actions[use].risk for use in uses if use in self._actions}
        risk = Risk.DESTRUCTIVE if Risk.DESTRUCTIVE in risks else Risk.REVERSIBLE
        judged = Target(
            name=text(target.get("name")),
            environment=text(target.get("environment")),
            affected="",
            channels=(),
            approvers=tuple(key for _, key in _texts(target, "approvers", path)),
            steps=(),
            policy=policy(*sections),
        )
        key = "policy" if "policy" in target else "approvers"
        requesters = tuple(self._people)
        problems = policy_problems(judged, risk=risk, requesters=requesters)
        for problem in problems:
            self._report.at((*path, key), problem)
        homes = {_home(channel) for _, channel in _texts(target, "channels", path)}
        unable = [one for one in judged.approvers if not self._can_decide(one, homes)]
        able = replace(judged, approvers=tuple(set(judged.approvers) - set(unable)))
        if unable and not problems:
            with_what = "an account where it has a channel, or a key" if homes else "a key"
            why = f"who can decide here, with {with_what}: {', '.join(unable)} can't"
            for problem in policy_problems(able, risk=risk, requesters=requesters):
                self._report.at((*path, "approvers"), f"{problem} {why}")
        if risk is Risk.DESTRUCTIVE and judged.policy.start_delay == timedelta():
            why = "a destructive target needs a start_delay, so that somebody can still press Stop"
            self._report.at((*path, key), why)

    def _can_decide(self, key: str, homes: set[str]) -> bool:
        """Tell whether somebody has an account in one of these homes, or a key for anywhere.

        Nor are the approvers too few because of a mistake that the report has already.
        """
        known = {f"{platform}:{one}" for platform, all_ in self._homes.items() for one in all_}
        accounts = [_home(one) for _, one in _texts(entries(self._people.get(key)), "accounts", ())]
        return not homes <= known or any(one in homes or one not in known for one in accounts)


def _sections(holder: Entries, key: str, path: KeyPath) -> list[tuple[KeyPath, Entries]]:
    return [(place, entries(value)) for place, value in each(holder, key, path)]


def _texts(holder: Entries, key: str, path: KeyPath) -> list[tuple[KeyPath, str]]:
    return [(place, text(value)) for place, value in each(holder, key, path)]


def _home(place: str) -> str:
    return place.partition("/")[0]


def _name(target: Entries) -> str:
    name, environment = text(target.get("name")), text(target.get("environment"))
    return f"{name} {environment}" if name and environment else ""
