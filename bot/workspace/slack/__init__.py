"""A workspace that speaks Slack on the wire, with Slack's limits and error codes, and its page."""
