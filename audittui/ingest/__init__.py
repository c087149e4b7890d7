"""Real logs in: JSON Lines and CloudTrail, record by record into drafts of entries.

Not here: how an entry is chained and written, which is `audittui.writer`.
"""
