"""The report of a run: one self-contained page that a sceptical reader can check."""

from dac_control.app.report.page import REPORT_NAME, render_report, write_report

__all__ = ["REPORT_NAME", "render_report", "write_report"]
