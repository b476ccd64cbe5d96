"""The process in which a run happens, under a guardian: the same session, the same plans."""
