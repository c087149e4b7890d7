"""A seeded incident in an embedded store."""
