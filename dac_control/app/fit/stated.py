"""What a station file, or one with only its tables on gauges, states of a gauge."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, PrivateAttr

from dac_control.app.gauge_tables import Gauge
from dac_control.app.raman_tables import Edge, Vibron
from dac_control.app.toml_file import load_toml
from dac_control.errors import ConfigurationError
from dac_control.gauges.air import air_index
from dac_control.gauges.scales import register

if TYPE_CHECKING:
    from dac_control.app.fit.options import FitOptions  # which holds what is made here

__all__ = ["StatedGauges", "as_stated", "load_stated"]


class StatedGauges(BaseModel):
    """The tables on gauges; a station file has others beside, which are not looked at."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    gauge: Gauge | None = None
    edge: Edge | None = None
    vibron: Vibron | None = None
    _path: Path = PrivateAttr(default=Path())

    def read_from(self, path: Path) -> None:
        """Remember the file."""
        self._path = path

    @property
    def path(self) -> Path:
        """Where they stand, for messages."""
        return self._path

    def table_of(self, gauge: str) -> Gauge | Edge | Vibron:
        """What is stated of a gauge.

        Raises
        ------
        ConfigurationError
            Nothing is.
        """
        if gauge == "ruby" and self.gauge is not None:
            return self.gauge
        if gauge == "diamond_edge" and self.edge is not None:
            return self.edge
        if self.vibron is not None and gauge == self.vibron.gauge:
            return self.vibron
        name = {"ruby": "[gauge]", "diamond_edge": "[edge]"}.get(gauge, f"[vibron] of '{gauge}'")
        raise ConfigurationError(
            f"{self._path} has no {name}, so --station states nothing of the gauge {gauge}; give a "
            "station file with that table, or leave --station out."
        )


def load_stated(path: Path) -> StatedGauges:
    """Read the tables on gauges.

    Raises
    ------
    ConfigurationError
        Naming file, line and key of each mistake.
    """
    found = load_toml(path, StatedGauges)
    if found.vibron is not None:
        found = found.model_copy(update={"vibron": found.vibron.beside(path.parent)})
    found.read_from(path)
    return found


def as_stated(options: "FitOptions") -> "FitOptions":
    """Fill in the laser and the scale that a file states, where the options give none.

    Raises
    ------
    ConfigurationError
        The file states nothing of the gauge.
    """
    if options.stated is None:
        return options
    table = options.stated.table_of(options.gauge)
    if isinstance(table, Gauge):
        return options
    if isinstance(table, Vibron) and options.scale is None:
        register(table.load_scale())
    sigma_nm = options.laser_sigma_nm
    return replace(
        options,
        scale=table.scale if options.scale is None else options.scale,
        laser_nm=options.laser_nm or table.laser_nm / air_index(table.laser_nm),
        laser_sigma_nm=table.laser_sigma_nm if sigma_nm is None else sigma_nm,
    )
