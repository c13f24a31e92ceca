"""``make bench``: the figures of docs/performance.md as ratios and JSON.

__main__   the options, the rounds, the table and the JSON
results    targets, medians over rounds, ratios
figures    what one round of each figure measures
bots       the bot and its baselines as child processes, on a processor of their own
baselines  D and L, which only acknowledge, and F, the least that is durable
chat       the local workspace as load: many channels, commands, clicks
planting   requests in the database of a bot that is not started yet
growth     a short history and a long one in the same database
provider   a Vercel and a Railway that answer at once, or as if they were far away
"""
