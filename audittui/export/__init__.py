"""Results out: JSON Lines, CSV."""
