"""What a run shows and what it cannot show, as values: no figure, no page, no matplotlib."""

from dac_control.app.findings.evidence import Check, Evidence
from dac_control.app.findings.gather import gather
from dac_control.app.findings.summary import summarise_findings

__all__ = ["Check", "Evidence", "gather", "summarise_findings"]
