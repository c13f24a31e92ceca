"""``twokey.yaml`` and the environment, as settings; nobody else reads either.

load        from a file to settings, or to everything that is wrong with it
document    YAML in which every scalar stays a text, with the place of each value
fields      the types of single values
shape       which keys there are
report      problems by their path in the file
rules       what has to fit together across the file
sources     what the file points at: secrets, the database, addresses in the environment
references  secrets, wherever they are
settings    what the rest of Twokey works with
schema      the shape for editors
problems    a mistake, its place and its sentence
"""

from bot.config.load import load
from bot.config.problems import ConfigError, Problem
from bot.config.references import Secret
from bot.config.schema import json_schema
from bot.config.settings import DiscordAccess, Listen, OAuthAccess, Role, Settings, SlackAccess

__all__ = [
    "ConfigError",
    "DiscordAccess",
    "Listen",
    "OAuthAccess",
    "Problem",
    "Role",
    "Secret",
    "Settings",
    "SlackAccess",
    "json_schema",
    "load",
]
