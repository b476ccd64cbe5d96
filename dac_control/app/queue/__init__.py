"""Several runs, one after the other: bluesky-queueserver, made safe for a screw."""
