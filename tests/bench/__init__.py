"""``make bench``: figures 2, 5 and 10 as ratios to baselines that run beside the bot.

__main__   the options, the rounds, the table and the JSON
results    targets, medians over rounds, ratios
figures    what one round of each figure measures
bots       the bot and its baselines as child processes, on a processor of their own
baselines  D and L, which only acknowledge, and F, the least that is durable
chat       the local workspace as load: many channels, commands, clicks
provider   a Vercel and a Railway that answer at once, or as if they were far away
"""
