"""The record of a run: its folder, its journal, its frames, and how they are read back."""

from dac_control.records.catalog import RunInfo, find_run, list_runs
from dac_control.records.disk import probe_writable
from dac_control.records.frames import FrameStore
from dac_control.records.intents_log import IntentLog
from dac_control.records.light_ledger import LightLedger
from dac_control.records.manifest import Difference, verify_manifest, write_manifest
from dac_control.records.metadata import RunMetadata
from dac_control.records.reader import Run, open_run
from dac_control.records.recorder import RunRecorder
from dac_control.records.summary import dumps_summary, summarise

__all__ = [
    "Difference",
    "FrameStore",
    "IntentLog",
    "LightLedger",
    "Run",
    "RunInfo",
    "RunMetadata",
    "RunRecorder",
    "dumps_summary",
    "find_run",
    "list_runs",
    "open_run",
    "probe_writable",
    "summarise",
    "verify_manifest",
    "write_manifest",
]
