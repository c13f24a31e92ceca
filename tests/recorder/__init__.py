"""Judges everything that goes out to Slack and Discord, whichever test it is that sends it."""
