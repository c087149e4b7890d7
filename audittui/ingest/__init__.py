"""Imports JSON Lines and CloudTrail logs, turning each record into a draft of an entry.

Not here: chaining and writing entries, which is `audittui.writer`.
"""
