"""What actions and checks get to reach the world: one guarded client, and the secrets they named.

box     the tools of one step, and the client that all steps share
guard   where calls may go and what may come back; the rules hold here, so no adapter can forget one
scrub   secrets are taken out of every text
"""

from bot.tools.box import ToolBox
from bot.tools.guard import reachable
from bot.tools.scrub import Scrubber

__all__ = ["Scrubber", "ToolBox", "reachable"]
