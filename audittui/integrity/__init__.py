"""Is this record genuine? Chain links and verdicts."""
