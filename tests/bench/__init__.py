"""``make bench``: figures 2, 5 and 10 as ratios to baselines that run beside the bot.

__main__    the options, the rounds, the table and the JSON
figures     what is measured in one round of each figure
results     targets, medians and ratios
bots        the bot and its baselines as child processes, on a processor of their own
chat        the local workspace as load: many channels, commands, clicks
provider    two providers that answer at once, or as if they were far away
settings    the bot's twokey.yaml, with as many targets as a round needs
bare        baselines D and L: Bolt that does nothing but acknowledge
floor       baseline F: the smallest durable two-approval bot
"""
