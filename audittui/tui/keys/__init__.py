"""The bindings and their names; queued keys."""
