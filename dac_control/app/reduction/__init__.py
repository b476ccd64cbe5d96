"""A run's pressures again: from its stored lines or spectra, on any scale."""
