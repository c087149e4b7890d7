"""Runbooks: parameterised queries as files, and the planner that compiles them.

Not here: running a plan. It reads files and nothing else.
"""
