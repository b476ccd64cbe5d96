"""What a station keeps on its disk: runs, the journal of moves, metadata, a log; and its lock."""

from functools import partial

import hdf5plugin

from dac_control.app.logs import close_log, log_to_file, quiet
from dac_control.app.station import Station
from dac_control.app.station_lock import StationLock
from dac_control.app.surroundings import (
    CALIBRATIONS_NAME,
    LIGHT_NAME,
    Attachments,
    Storage,
)
from dac_control.records import (
    FrameStore,
    IntentLog,
    LightLedger,
    RunMetadata,
    RunRecorder,
    probe_writable,
)
from dac_control.records.calibrations import CalibrationStore

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
    frames = FrameStore()
    intents = IntentLog(storage.state / "intents.jsonl")
    light = LightLedger(storage.state / LIGHT_NAME)
    specimen = station.specimen.id
    recorder = RunRecorder(
        storage.runs,
        attachments=lambda start: dict(attachments),
        frame_store=frames,
        intent_log=intents,
        # the whole life of the specimen, since that is what a budget is about
        copies={LIGHT_NAME: lambda uid: light.lines_of_specimen(specimen)},
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
