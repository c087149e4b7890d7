"""Whether an endpoint is AWS's own."""

from __future__ import annotations

from urllib.parse import urlsplit

_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".api.amazonwebservices.com.cn")


def is_aws(url: str) -> bool:
    """True when ``url`` is on a host of AWS, or empty, which means the default."""
    host = urlsplit(url).hostname or ""
    return not host or host.endswith(_AWS)
