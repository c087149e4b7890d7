"""Runbooks: parameterised queries as files, and the planner that compiles them."""
