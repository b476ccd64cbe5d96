"""The spectrum of a ruby outside the pressure chamber, which stands in for lambda0."""

import datetime
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dac_control.errors import ConfigurationError
from dac_control.gauges.lambda0 import ReferenceLine, ReferenceRuby

if TYPE_CHECKING:
    from dac_control.app.fit.options import FitOptions  # which holds what is made here

__all__ = ["SeenReference", "with_reference"]


@dataclass(frozen=True, kw_only=True)
class SeenReference:
    """R1 of the reference ruby, on the axis of the spectra that it serves."""

    ruby: ReferenceRuby
    line_nm: float
    sigma_nm: float
    temperature_k: float | None
    """As the file says; None where it does not, and the ruby's own is taken."""
    time: datetime.datetime

    def beside(self, temperature_k: float) -> ReferenceLine:
        """The line for a ruby at a temperature; how far the two differ is in the budget."""
        own_k = temperature_k if self.temperature_k is None else self.temperature_k
        return self.ruby.seen(self.line_nm, self.sigma_nm, own_k, self.time)


def with_reference(options: "FitOptions", path: Path) -> "FitOptions":
    """Fit the spectrum of the reference ruby and keep its line with the options.

    Raises
    ------
    ConfigurationError
        Nothing states how the two chips differ, or the file shows no line.
    """
    from dac_control.app.fit.batch import fit_files
    from dac_control.app.fit.ruby_adapter import RubyAdapter
    from dac_control.app.fit.sources import Source

    stated = None if options.stated is None else options.stated.gauge
    if options.gauge != "ruby" or stated is None or stated.reference_ruby is None:
        raise ConfigurationError(
            "--reference is the spectrum of a reference ruby; give --station with a file that has "
            "[gauge.reference_ruby], which states how the two chips differ."
        )
    alone = replace(options, stated=None, between=None, lambda0_same_laser=False, lambda0_nm=None,
                    lambda0_sigma_nm=None, lambda0_temperature_k=None)  # fmt: skip
    (file,) = fit_files([Source(path)], RubyAdapter(alone), alone)
    if len(file.spectra) != 1 or not file.ok:
        why = file.error or " ".join(each.reading.message for each in file.spectra[:1])
        if file.ok:
            why = f"it holds {len(file.spectra)} spectra, and one is wanted."
        raise ConfigurationError(f"--reference {path} cannot stand in for lambda0: {why}")
    (seen,) = file.spectra
    written = datetime.datetime.fromtimestamp(path.stat().st_mtime, tz=datetime.UTC)
    ruby = ReferenceRuby(**stated.reference_ruby.model_dump())
    reference = SeenReference(
        ruby=ruby,
        line_nm=seen.reading.observable,
        sigma_nm=seen.reading.sigma,
        temperature_k=None if options.temperature_k is not None else seen.temperature_k,
        time=written,
    )
    # lambda0 is now on the axis of the spectra, and if that is a Raman shift, with their laser
    return replace(options, reference=reference, lambda0_same_laser=options.laser_nm is not None)
