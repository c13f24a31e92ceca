"""Somebody else's Slack judges the installation by a link."""
