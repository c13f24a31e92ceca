"""Tests of the workspace that speaks Slack."""
