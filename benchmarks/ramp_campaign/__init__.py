"""Rehearsed ramps by the thousand: do stated intervals, bounds and step counts keep their word?"""
