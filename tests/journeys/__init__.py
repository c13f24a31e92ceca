"""Whole stories: every process is real, every word goes over a socket."""
