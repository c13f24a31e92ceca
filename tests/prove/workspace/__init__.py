"""Judges from outside: what others published drives the local workspace and its providers."""
