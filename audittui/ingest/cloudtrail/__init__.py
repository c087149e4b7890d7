"""Turns AWS CloudTrail records into entries.

Not here: finding and opening files.
"""

from audittui.ingest.cloudtrail.record import draft_of

__all__ = ["draft_of"]
