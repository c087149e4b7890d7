"""Runs a plan on a store: fan-out, exact merge, coverage, cost."""
