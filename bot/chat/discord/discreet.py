"""Our log of Discord, and what discord.py may say in its own."""

import logging
from typing import Final

import discord

from bot.chat.discreet import Discreet

log = logging.getLogger("twokey.discord")

# discord.py's caches would be empty without this intent, and we keep none.
_ABOUT_CACHES: Final = "Guilds intent"
_LEFT_OUT: Final = r"(?:wss?|https?)://\S+|\S*[\w-]{20,}\.[\w.-]+|\S{60,}"
_DISCREET: Final = Discreet(_LEFT_OUT, silent_about=_ABOUT_CACHES)


def hush() -> None:
    """Let discord.py warn in one line, and say nothing of a voice that we don't have."""
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
    for name in tuple(logging.root.manager.loggerDict):
        if name == "discord" or name.startswith("discord."):
            logger = logging.getLogger(name)
            logger.setLevel(logging.WARNING)
            if _DISCREET not in logger.filters:
                logger.addFilter(_DISCREET)
