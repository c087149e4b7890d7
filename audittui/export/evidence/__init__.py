"""Evidence bundles: entries, what proves them, and how they were found, in one file."""
