"""Gauges that read Raman, made from what a station file states of them."""

from typing import Any

from dac_control.app.raman_tables import Edge, Vibron
from dac_control.gauges.diamond_edge import DiamondEdgeGauge, Nu0
from dac_control.gauges.vibron import RamanLineGauge

__all__ = ["edge_gauge", "vibron_gauge"]


def edge_gauge(edge: Edge, **instead: Any) -> DiamondEdgeGauge:
    """Make the gauge of ``[edge]``; `instead` are arguments that replace what it states."""
    stated: dict[str, Any] = {
        "scale": edge.scale,
        "nu0": Nu0(
            value_cm1=edge.nu0_cm1,
            sigma_cm1=edge.nu0_sigma_cm1,
            convention="vacuum",
            source=edge.nu0_source,
            same_axis=True,
            axis=edge.nu0_axis,
        ),
        "laser_sigma_nm": edge.laser_sigma_nm,
        "laser_nm": edge.laser_nm,
        "axis_sigma_cm1": edge.axis_sigma_cm1,
        "stress_sigma_gpa": edge.stress_sigma_gpa,
        "anvil": edge.anvil,
    }
    return DiamondEdgeGauge(**{**stated, **instead})


def vibron_gauge(vibron: Vibron, **instead: Any) -> RamanLineGauge:
    """Make the gauge of ``[vibron]``; `instead` as for `edge_gauge`.

    Raises
    ------
    ConfigurationError
        Its scale cannot be read.
    """
    stated: dict[str, Any] = {
        "expected_cm1": vibron.expected_cm1,
        "laser_sigma_nm": vibron.laser_sigma_nm,
        "laser_nm": vibron.laser_nm,
        "axis_sigma_cm1": vibron.axis_sigma_cm1,
        "widest_cm1": vibron.widest_cm1,
    }
    if "scale" not in instead:
        stated["scale"] = vibron.load_scale()
    return RamanLineGauge(**{**stated, **instead})
