"""How the supervisor tells a worker which station it is for."""

__all__ = ["STATION_VARIABLE"]

STATION_VARIABLE = "DAC_CONTROL_QUEUE_STATION"
"""Environment variable with the path of the station file."""
