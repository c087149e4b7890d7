"""AWS CloudTrail records as entries."""

from audittui.ingest.cloudtrail.record import draft_of

__all__ = ["draft_of"]
