"""Who and what is in the workspace when it opens."""

TEAM = {"id": "T00TWOKEY", "name": "Twokey demo shop", "domain": "twokey-demo-shop"}
APP = "A00TWOKEY"
BOT, BOT_ID, BOT_NAME = "U00TWOKEY", "B00TWOKEY", "Twokey"
COMMANDS = ("/rollback",)

# They open nothing but this workspace, so they are names rather than secrets.
BOT_TOKEN = "xoxb-local-workspace"  # noqa: S105
APP_TOKEN = "xapp-local-workspace"  # noqa: S105
SIGNING_SECRET = "local-workspace-signs"  # noqa: S105

PEOPLE = {
    "U00RESPONDER": "Responder",
    "U00MANAGER1": "Manager One",
    "U00MANAGER2": "Manager Two",
    "U00OUTSIDER": "Outsider",
}
# The app sits in #deploys only: in #general people meet the answer of an app that is not a member.
CHANNELS = {
    "C00DEPLOYS": ("deploys", (*PEOPLE, BOT)),
    "C00GENERAL": ("general", tuple(PEOPLE)),
}
