"""A guild that speaks Discord on the wire, with Discord's limits and error codes, and its page."""
