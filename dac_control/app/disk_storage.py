"""What a station keeps on its disk: runs, the journal of moves, metadata, a log; and its lock."""

from functools import partial

import hdf5plugin

from dac_control.app.logs import close_log, log_to_file, quiet
from dac_control.app.state_files import (
    CALIBRATIONS_NAME,
    LIGHT_NAME,
    copies_for_runs,
    intent_log,
)
from dac_control.app.station import Station
from dac_control.app.station_lock import StationLock
from dac_control.app.surroundings import Attachments, Storage
from dac_control.records import (
    FrameStore,
    LightLedger,
    RunMetadata,
    RunRecorder,
    probe_writable,
)
from dac_control.records.calibrations import CalibrationStore
from dac_control.records.closing import close_dead_runs

__all__ = ["open_disk_storage"]

# Imported here, so that HDF5 is loaded before a run and not with its first frame.
_ = hdf5plugin


def open_disk_storage(station: Station, attachments: Attachments) -> Storage:
    """Open the folders that a station file names, for this process alone.

    Raises
    ------
    ConfigurationError, RecordError
        If another process holds the station, or its storage cannot be written.
    """
    storage = station.storage
    probe_writable(storage.runs)
    probe_writable(storage.state)
    lock = StationLock(storage.state)
    quiet()
    handler = log_to_file(storage.state)
    # this process has the station, so whoever left a run of it open is dead
    close_dead_runs(storage.runs, copies=copies_for_runs(station))
    frames = FrameStore()
    intents = intent_log(storage.state)
    light = LightLedger(storage.state / LIGHT_NAME)
    recorder = RunRecorder(
        storage.runs,
        attachments=lambda start: dict(attachments),
        frame_store=frames,
        copies=copies_for_runs(station, intents=intents, light=light),
        # where a later session finds the rest of what belongs to the run
        about={"storage": {"runs": str(storage.runs), "state": str(storage.state)}},
    )
    return Storage(
        frames=frames,
        intents=intents,
        light=light,
        calibrations=CalibrationStore.at(storage.state / CALIBRATIONS_NAME),
        metadata=RunMetadata(storage.state / "metadata.json"),
        recorder=recorder,
        closers=[lock.release, partial(close_log, handler)],
    )
