"""Tests of the page as a Discord."""
