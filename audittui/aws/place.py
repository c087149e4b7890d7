"""What is to be reached, and how, for the errors of AWS and of its client."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from audittui.aws.credentials import Source
from audittui.aws.endpoint import is_aws
from audittui.escape import escaped


class Place(NamedTuple):
    """The table, and how it was reached, as errors name it.

    ``credentials`` is where they come from, None if unknown. ``region_from`` and ``profile_from``
    say which of AWS's own settings supplied a value that was not passed. ``bundle`` is the file of
    certificates that is trusted instead of the default ones. ``attempts`` is the number of attempts
    for each request by AWS's own settings, 0 if they set none.
    """

    table: str
    region: str
    endpoint: str
    aws_profile: str | None = None
    credentials: Source | None = None
    region_from: str = ""
    profile_from: str = ""
    bundle: str = ""
    attempts: int = 0

    @property
    def label(self) -> str:
        """The table and its region, and the endpoint's host if it is not AWS's own."""
        host = urlsplit(self.endpoint).netloc
        if is_aws(self.endpoint):
            return f"{self.table} ({self.region})"
        return f"{self.table} ({self.region}, {host})"

    @property
    def tried(self) -> tuple[tuple[str, str], ...]:
        """What was tried, as pairs of a name and a value, escaped and without secrets."""
        profile = self.aws_profile or "default"
        lines = (
            ("credentials", self.credentials.text if self.credentials else "none found"),
            ("AWS profile", profile + (f", {self.profile_from}" if self.profile_from else "")),
            ("region", self.region + (f", {self.region_from}" if self.region_from else "")),
            ("endpoint", self.endpoint or (f"AWS's own in {self.region}" if self.region else "")),
        )
        return tuple((name, escaped(value) or "none") for name, value in lines)
