"""One Raman line as a gauge on a table of the user's: the H2 vibron, or any other mode.

No vetted formula of the vibron's pressure is published, so its scale comes from the user's own
file, see `dac_control.gauges.scales.load_scales`.
"""

from dac_control.gauges.vibron.fit import fit_raman_line
from dac_control.gauges.vibron.gauge import RamanLineGauge
from dac_control.gauges.vibron.result import DISQUALIFYING_LINE, RAMAN_LINE_FLAGS, RamanLineFit

__all__ = [
    "DISQUALIFYING_LINE",
    "RAMAN_LINE_FLAGS",
    "RamanLineFit",
    "RamanLineGauge",
    "fit_raman_line",
]
