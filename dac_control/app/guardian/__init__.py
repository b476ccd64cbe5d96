"""The guardian: a small process that watches the one in which a run happens, and outlives it.

It loads neither bluesky nor ophyd. While the worker lives, the guardian listens and asks; once it
is dead, the guardian stops what moves, over its own links, and closes the run.
"""
