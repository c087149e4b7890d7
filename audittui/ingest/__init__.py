"""Real logs in: CloudTrail and JSON Lines."""
