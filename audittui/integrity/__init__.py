"""Is this record genuine? Sealing, verifying, and what both read: entries, sealed items, trust.

Not here: AWS clients, and what a command or a screen says of a verdict.

One word for one thing:

- *verify*: from what is stored to a verdict. The verdict lists steps: what was compared.
- *prove*: by hashes alone, that an entry lies under a checkpoint.
- *hold against*: one checkpoint beside another, of which the larger must extend the smaller.
- *trust*: the keys whose signatures are believed. *Settings*: trust, pins and the tile cache.
- *anchor*: in a verdict, the checkpoint that an entry was held against.
"""
