"""Observations that no single conversation holds: of devices as wholes, of units, of time."""
