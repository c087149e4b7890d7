"""Investigations over results: lifecycles and correlations."""
