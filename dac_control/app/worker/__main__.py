"""``python -m dac_control.app.worker run RUN --station STATION [--json]``: one run, then the end.

Or ``resume FOLDER``. Started by `dac-control run` and `resume` alone.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from dac_control.app.exit_status import status_of
from dac_control.app.guardian.channel import knock
from dac_control.app.terminal import survive_odd_consoles

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Carry out one run under a guardian; return the exit status."""
    parser = argparse.ArgumentParser(prog="dac_control.app.worker")
    jobs = parser.add_subparsers(dest="job", required=True)
    run = jobs.add_parser("run")
    run.add_argument("run_file", type=Path)
    run.add_argument("--station", type=Path, required=True)
    run.add_argument("--json", action="store_true")
    resume = jobs.add_parser("resume")
    resume.add_argument("run", type=Path)
    resume.add_argument("--station", type=Path, default=None)
    resume.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    survive_odd_consoles()
    wire = knock()
    if wire is None:
        parser.error("this is started by `dac-control run`, which watches over it")
    # imported late: the guardian hears from us before bluesky is loaded
    from dac_control.app.worker.guardian_link import GuardianLink

    link = GuardianLink(wire)

    failures: list[str] = []

    def work() -> int:
        told: dict[str, Any] = {
            "as_json": options.json, "attend": link.attend, "heard": failures.append,
        }  # fmt: skip
        if options.job == "resume":
            from dac_control.app.commands.resume import carry_out_resume

            return carry_out_resume(options.run, options.station, **told)
        from dac_control.app.commands.run import carry_out_run

        return carry_out_run(options.run_file, options.station, **told)

    status = status_of(work, failures.append)
    link.farewell(status, " ".join(failures))
    return status


if __name__ == "__main__":
    sys.exit(main())
