"""A run on the twin in virtual time: the same plan, devices and rules, in seconds."""
