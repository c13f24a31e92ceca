"""The demo: the whole of Twokey on this machine, for people to try and for stories to prove.

show              in a browser for people, or headless as a story
processes, leash  the children, and how none of them survives the demo
config, bot       the bot that they serve, and its accelerated clock
stage             all of it running
stories           what people do in each story, and how it has to end
player            the hands of these people; transcript, reading: their eyes
books, verdict    what became of it
"""

from bot.workspace.demo.show import run
from bot.workspace.demo.stage import Setting

__all__ = ["Setting", "run"]
