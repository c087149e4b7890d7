"""What is to be reached, and how: what errors of AWS and of its client name."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from audittui.aws.credentials import Source
from audittui.aws.endpoint import is_aws
from audittui.escape import escaped


class Place(NamedTuple):
    """What errors name: the table, and how it was reached.

    ``credentials`` is where they come from, None where none are known; ``region_from`` and
    ``profile_from`` say where AWS's own settings named what nobody gave. ``bundle`` is the file of
    certificates that is trusted instead of the usual ones, ``attempts`` how many are made at a
    request where AWS's own settings say so, else 0.
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
        """The table and its region, and the endpoint's host where it is not AWS's own."""
        host = urlsplit(self.endpoint).netloc
        if is_aws(self.endpoint):
            return f"{self.table} ({self.region})"
        return f"{self.table} ({self.region}, {host})"

    @property
    def tried(self) -> tuple[tuple[str, str], ...]:
        """What was tried, line by line: a name and its value, harmless and without a secret."""
        profile = self.aws_profile or "default"
        lines = (
            ("credentials", self.credentials.text if self.credentials else "none found"),
            ("AWS profile", profile + (f", {self.profile_from}" if self.profile_from else "")),
            ("region", self.region + (f", {self.region_from}" if self.region_from else "")),
            ("endpoint", self.endpoint or (f"AWS's own in {self.region}" if self.region else "")),
        )
        return tuple((name, escaped(value) or "none") for name, value in lines)
