"""The shape of the file: which keys there are, and the type of each."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.config.fields import (
    Address,
    Approvals,
    ChatAccount,
    ChatChannel,
    ClientId,
    Database,
    DiscordGuild,
    Host,
    Name,
    Port,
    Reference,
    SlackTeam,
    Span,
    Version,
    Whole,
    Words,
)
from bot.domain.allowance import Allowance
from bot.domain.target import Policy

MOST_STEPS: Final = 32
DATABASE: Final = "sqlite:///twokey.db"
_SECOND, _MINUTE, _HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
_DEFAULTS: Final = Policy()
_ALLOWANCE: Final = Allowance()


class Section(BaseModel):
    """A part of the file; a key that it does not know is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class OAuthSection(Section):
    """Installing by a link instead of a token, perhaps in more teams than one."""

    client_id: ClientId
    client_secret: Reference
    installation_key: Reference
    address: Address
    more_teams: tuple[SlackTeam, ...] = ()


class SlackSection(Section):
    """The Slack team, how its deliveries arrive, and where its secrets are."""

    team: SlackTeam
    bot_token: Reference | None = None  # unless there is oauth
    oauth: OAuthSection | None = None
    receive: Literal["socket", "http"] = "socket"
    app_token: Reference | None = None  # for socket
    signing_secrets: Annotated[tuple[Reference, ...], Field(max_length=2)] = ()  # for http


class DiscordSection(Section):
    """The Discord server, and where the bot's token is."""

    guild: DiscordGuild
    bot_token: Reference


class ListenSection(Section):
    """Where this process answers HTTP."""

    host: Host = "127.0.0.1"
    port: Port


class PersonSection(Section):
    """One human with all accounts."""

    name: Words
    accounts: Annotated[tuple[ChatAccount, ...], Field(min_length=1)]


class PolicySection(Section):
    """How many have to approve, and how long they have; what is not written is the default."""

    approvals: Approvals = _DEFAULTS.approvals
    requester_counts: bool = _DEFAULTS.requester_counts
    accept_two_humans_total: bool = _DEFAULTS.accept_two_humans_total
    approve_ttl: Annotated[timedelta, Span(_MINUTE, 24 * _HOUR)] = _DEFAULTS.approve_ttl
    exec_ttl: Annotated[timedelta, Span(10 * _SECOND, _HOUR)] = _DEFAULTS.exec_ttl
    start_delay: Annotated[timedelta, Span(0 * _SECOND, 10 * _MINUTE)] = _DEFAULTS.start_delay
    budget: Annotated[timedelta, Span(10 * _SECOND, _HOUR)] = _DEFAULTS.budget


class LimitsSection(Section):
    """How much may be asked for; what is not written is the default."""

    open: Annotated[int, Whole(1, 10_000)] = _ALLOWANCE.open
    per_person: Annotated[int, Whole(1, 10_000)] = _ALLOWANCE.per_person


class StepSection(Section):
    """One action; what else is written there are the parameters of that action."""

    model_config = ConfigDict(extra="allow")

    name: Name
    use: str
    needs: tuple[str, ...] = ()


class CheckSection(Section):
    """One assertion; what else is written there are the parameters of that assertion."""

    model_config = ConfigDict(extra="allow")

    name: Words
    use: str


class TargetSection(Section):
    """Something that is brought back as a whole."""

    name: Name
    environment: Name
    affected: Words
    channels: tuple[ChatChannel, ...] = ()  # none: by the command line alone
    approvers: Annotated[tuple[str, ...], Field(min_length=1)]
    policy: PolicySection = PolicySection()
    steps: Annotated[tuple[StepSection, ...], Field(min_length=1, max_length=MOST_STEPS)]
    checks: Annotated[tuple[CheckSection, ...], Field(max_length=MOST_STEPS)] = ()


class FileSection(Section):
    """The whole file."""

    version: Version
    database: Database = DATABASE
    audit_key: Reference | None = None
    slack: SlackSection | None = None
    discord: DiscordSection | None = None
    listen: ListenSection | None = None
    people: Annotated[Mapping[Name, PersonSection], Field(min_length=1)]
    secrets: Mapping[str, Reference] = {}
    endpoints: Mapping[str, Address] = {}
    policy: PolicySection = PolicySection()
    limits: LimitsSection = LimitsSection()
    targets: Annotated[tuple[TargetSection, ...], Field(min_length=1)]


def policy(*sections: PolicySection) -> Policy:
    """Return the policy that these sections write together; the later one wins, key by key."""
    given = {key: getattr(each, key) for each in sections for key in each.model_fields_set}
    return Policy(**given)
