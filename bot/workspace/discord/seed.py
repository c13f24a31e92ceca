"""Who and what is in the guild when it opens."""

from typing import Final

GUILD: Final = {"id": "200000000000000001", "name": "Twokey demo shop"}
# The application and its bot are two things, so whoever takes one for the other is found out.
APP, BOT, BOT_NAME = "300000000000000001", "300000000000000002", "Twokey"

# It opens nothing but this guild, so it is a name rather than a secret.
BOT_TOKEN = "local-discord-workspace"  # noqa: S105

PEOPLE: Final = {
    "400000000000000001": "Responder",
    "400000000000000002": "Manager One",
    "400000000000000003": "Manager Two",
    "400000000000000004": "Outsider",
}
OWNER: Final = "400000000000000003"

VIEW, SEND, HISTORY = 1 << 10, 1 << 11, 1 << 16
MANAGE_THREADS, CREATE_THREADS, SEND_IN_THREADS = 1 << 34, 1 << 35, 1 << 38
COMMANDS: Final = 1 << 31
EVERYBODY_CAN: Final = VIEW | SEND | HISTORY | CREATE_THREADS | SEND_IN_THREADS | COMMANDS

# What the bot can do in each: in #general people meet an app that is shut out.
CHANNELS: Final = {
    "500000000000000001": ("deploys", EVERYBODY_CAN),
    "500000000000000002": ("general", 0),
}
