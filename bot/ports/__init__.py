"""The doors to the outside world. The engine knows these shapes and nothing behind them."""

from bot.ports.actions import Action, ActionTypes, Assertion, AssertionTypes, Tools
from bot.ports.chat import (
    Chat,
    ChatBusy,
    ChatFailed,
    ChatRefused,
    ChatUnreachable,
    Directory,
    Reference,
    Remedy,
)
from bot.ports.durable import Clock, Durable, Execution, Lease, Leases, Steps
from bot.ports.outbox import Due, Kind, Posting, Rank, Renderer
from bot.ports.signatures import Verifier
from bot.ports.store import Store, Transaction

__all__ = [
    "Action",
    "ActionTypes",
    "Assertion",
    "AssertionTypes",
    "Chat",
    "ChatBusy",
    "ChatFailed",
    "ChatRefused",
    "ChatUnreachable",
    "Clock",
    "Directory",
    "Due",
    "Durable",
    "Execution",
    "Kind",
    "Lease",
    "Leases",
    "Posting",
    "Rank",
    "Reference",
    "Remedy",
    "Renderer",
    "Steps",
    "Store",
    "Tools",
    "Transaction",
    "Verifier",
]
