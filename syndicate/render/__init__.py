"""Rendering: value in, value out. No store, no clock, no network."""
