"""Tests of the guild that speaks Discord."""
