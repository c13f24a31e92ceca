"""Tests of the page as a Slack."""
