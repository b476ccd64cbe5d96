"""What the sample reflects against wavelength, with both uncertainties."""

import numpy as np
from markupsafe import Markup

from dac_control.app.report.canvas import INK, legend_above, new_figure, to_svg
from dac_control.reflectance import AbsoluteReflectance, Reflectance

__all__ = ["reflectance_figure"]

_COLOUR = "#0072B2"


def reflectance_figure(found: Reflectance | None, *, simulated: bool) -> Markup | None:
    """Draw a reflectance or a ratio; None where the run took none.

    A wavelength that was left out is a gap in the line.
    """
    if found is None:
        return None
    figure = new_figure(4.8, 3.3)
    axes = figure.subplots()
    nm, value = found.wavelength_nm, found.values
    sigma_stat, sigma_sys = found.sigma_stat, found.sigma_sys
    bands = (
        ("whole uncertainty", np.hypot(sigma_stat, sigma_sys), 0.2),
        ("statistical", sigma_stat, 0.45),
    )
    for name, sigma, alpha in bands:
        axes.fill_between(
            nm,
            value - 2.0 * sigma,
            value + 2.0 * sigma,
            color=_COLOUR,
            alpha=alpha,
            linewidth=0,
            label=name,
        )
    axes.plot(nm, value, color=INK, linewidth=0.8, label=f"{int(found.usable.sum())} wavelengths")
    axes.set_xlabel("wavelength in air / nm")
    axes.set_ylabel(_label(found))
    legend_above(figure, axes)
    return to_svg(figure, "reflectance", "Reflectance against wavelength", simulated=simulated)


def _label(found: Reflectance) -> str:
    if isinstance(found, AbsoluteReflectance):
        return "reflectance inside the diamond"
    return f"light of the sample / that of {found.evidence.reference}"
