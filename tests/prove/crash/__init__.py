"""The bot is killed at every named moment, started again, and judged by what others saw.

fate       what kills the bot, at the moment at which it has to die
lives      the bot's processes, forked from one that has loaded the code
chats      Slack or Discord, and how what the bot left there is recognised
house      everything that it works with, and its lives, one after another
people     people who do not give up, and the stories that they play
facts      what is true in the end, read beside the bot
cases      which story is killed where
rounds     plays cases, remembers what it played, and counts
"""
