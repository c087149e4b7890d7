"""Seals and verifies chains. Both read entries, sealed items and trusted keys.

Not here: AWS clients, and how commands and screens present a verdict.

Terms:

- *verify*: derive a verdict from what is stored. The verdict lists its steps, the comparisons made.
- *prove*: show, by hashes alone, that an entry is included in a checkpoint.
- *hold against*: compare two checkpoints; the larger must extend the smaller.
- *trust*: the keys whose signatures are accepted. *Settings*: trust, pins and the tile cache.
- *anchor*: the checkpoint that a verdict held its entry against.
"""
