"""OGC API: what the standards call landing page, collections, items and tiles, said literally."""
