"""AWS CloudTrail records as entries.

Not here: where the files come from.
"""

from audittui.ingest.cloudtrail.record import draft_of

__all__ = ["draft_of"]
