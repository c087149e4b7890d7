"""Do the tests notice when a line of the core is wrong? ``make mutants`` finds out.

``changes.py`` makes the mutants of a module. ``judges.py`` reads ``tests/mutants.toml``: the tests
that judge each file, and the mutants that nobody could notice. ``reached.py`` finds the tests that
run a line. ``run.py`` tries the mutants.
"""
