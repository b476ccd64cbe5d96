"""The station file of a simulated laboratory: addresses, and what came with the instruments."""

from collections.abc import Mapping
from typing import Any

__all__ = ["station_toml"]


def station_toml(
    endpoints: Mapping[str, Any],
    certificates: Mapping[str, Any],
    *,
    speed: float,
    seed: int,
    runs: str = "runs",
) -> str:
    """Write the station file that connects to a simulated laboratory.

    Parameters
    ----------
    endpoints : mapping
        Addresses by role, as the laboratory states them.
    certificates : mapping
        Calibration values with their uncertainties, as papers that come with instruments
        state them; not the truth behind the simulation.
    speed : float
        Laboratory seconds per second.
    seed : int
        Seed of the laboratory, for its name.
    runs : str
        Folder of runs, relative to the station file or absolute.
    """
    spectrometer, camera = endpoints["spectrometer"], endpoints["camera"]
    raman = certificates["raman"]
    tables: dict[str, dict[str, Any]] = {
        "station": {"name": f"simulated laboratory {seed}", "simulated": True},
        "clock": {"speed": speed},
        "storage": {"runs": runs, "state": "state"},
        "cell": {"id": "simulated cell", "type": "screw-driven", "culet_um": 300.0},
        "specimen": {"id": "simulated specimen", "material": "ruby in argon", "ptm": "argon"},
        "gauge": {
            "name": "ruby",
            "scale": "ruby2020",
            "temperature_correction": "datchi2007",
            "axis_sigma_nm": certificates["axis_sigma_nm"],
            "temperature_sigma_k": certificates["temperature_sigma_k"],
            "axis_offset_sigma_nm": certificates["axis_absolute_sigma_nm"],
        },
        "gauge.lambda0": {
            "value_nm": certificates["lambda0_nm"],
            "sigma_nm": certificates["lambda0_sigma_nm"],
            "chip": certificates["chip_id"],
            "date": Literal(certificates["lambda0_date"]),
            "temperature_k": certificates["lambda0_temperature_k"],
        },
        "gauge.strength_ratio": {
            "value": certificates["strength_ratio"],
            "sigma": certificates["strength_ratio_sigma"],
        },
        "edge": {
            "nu0_cm1": raman["nu0_cm1"],
            "nu0_sigma_cm1": raman["nu0_sigma_cm1"],
            "nu0_source": "the papers of the simulated Raman spectrometer",
            "laser_nm": raman["laser_nm"],
            "laser_sigma_nm": certificates["laser_sigma_nm"],
            "axis_sigma_cm1": raman["axis_sigma_cm1"],
        },
        "limits": {
            "min_turns": -0.05,
            "max_turns": 0.8,
            "max_step_turns": 0.05,
            "max_step_gpa": 6.0,
            "pressure_limit_gpa": 60.0,
        },
        "devices.cryostat": {
            "driver": "lakeshore336",
            "address": endpoints["cryostat"],
            "stage_input": "A",
            "cell_input": "B",
        },
        "devices.drive": {
            "driver": "zaber",
            "address": endpoints["drive"],
            "steps_per_rev": certificates["steps_per_rev"],
            "microsteps": certificates["resolution"],
            "gear_ratio": certificates["gear_ratio"],
        },
        "devices.spectrometer": {
            "driver": "ocean",
            **spectrometer,
            "gain_e_per_count": certificates["gain_e_per_count"],
            "read_noise_e": certificates["read_noise_e"],
            "dark_counts": certificates["dark_counts"],
        },
        "devices.raman": {
            "driver": "ocean",
            "name": "raman",
            **endpoints["raman"],
            "gain_e_per_count": raman["gain_e_per_count"],
            "read_noise_e": raman["read_noise_e"],
            "dark_counts": raman["dark_counts"],
        },
        "devices.laser": {
            "driver": "cobolt06",
            "address": endpoints["laser"],
            "wavelength_nm": certificates["light_nm"],
            "max_power_mw": 10.0,
            # 1 mW arrives on the cell
            "power_mw": 1.0 / certificates["light_transmission"],
        },
        f"light.beams.{certificates['light_nm']:.0f}nm": {
            "spot_um": certificates["light_spot_um"],
            "transmission": certificates["light_transmission"],
        },
        "devices.microscope": {
            "driver": "basler",
            "serial": camera["serial"],
            "exposure_ms": camera["exposure_ms"],
            "um_per_pixel": certificates["um_per_pixel"],
        },
        "devices.microscope.nodes": dict(camera["nodes"]),
        "devices.microscope.environment": dict(camera["environment"]),
    }
    head = "# Written by `dac-control simulate`: every instrument in it is simulated.\n"
    return head + "\n".join(_table(name, values) for name, values in tables.items())


class Literal(str):
    """Text that stands in the file as it is, such as a date."""

    __slots__ = ()


def _table(name: str, values: Mapping[str, Any]) -> str:
    lines = [f"{key} = {_value(value)}" for key, value in values.items()]
    return "\n".join([f"[{name}]", *lines, ""])


def _value(value: Any) -> str:
    if isinstance(value, Literal):
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
