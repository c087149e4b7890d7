"""Verdicts on one entry, on many and on a whole chain, and the evidence behind them.

Not here: anything that writes to a table.
"""
