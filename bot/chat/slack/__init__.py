"""Slack: the only place that speaks its language.

text      words from outside, made harmless and short
blocks    a message as blocks
dialogs   a dialog as a view, and what was typed into it
team      the way into one team: settings, methods with their scopes
refusals  what Slack's error codes mean, as sentences
client    posts, edits, finds and links messages
directory who somebody is
payloads  what Slack delivers, as invocations
reception asks the desk, acknowledges and answers
gateway   Bolt and the Socket Mode connection
"""
