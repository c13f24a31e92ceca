"""Tests of the chat systems."""
