"""The command line: every command, in the order in which help shows them."""

import typer

from dac_control.app.command_line import gauges, operating, queueing, records
from dac_control.app.terminal import survive_odd_consoles

__all__ = ["app", "main"]

app = typer.Typer(
    name="dac-control",
    help="Instrument control and data acquisition for diamond anvil cells in a cryostat.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (
    operating.demo,
    operating.simulate,
    operating.check,
    operating.acknowledge,
    operating.run,
    operating.resume,
    operating.rehearse,
    operating.shell,
    records.runs,
    records.show,
    records.report,
    records.verify,
    records.index,
    records.reduce,
    gauges.pressure,
    gauges.fit,
):
    app.command()(command)

drive_app = typer.Typer(help="The screw drive.", no_args_is_help=True)
drive_app.command()(operating.declare)
app.add_typer(drive_app, name="drive")

queue_app = typer.Typer(help="Several runs, one after the other.", no_args_is_help=True)
queue_app.command("start")(queueing.queue_start)
queue_app.command("add")(queueing.queue_add)
queue_app.command("list")(queueing.queue_list)
queue_app.command("go")(queueing.queue_go)
queue_app.command("pause")(queueing.queue_pause)
queue_app.command("remove")(queueing.queue_remove)
app.add_typer(queue_app, name="queue")

specimen_app = typer.Typer(
    help="The light on a specimen, and what follows it.", no_args_is_help=True
)
specimen_app.command("pack")(records.specimen_pack)
specimen_app.command("accept")(records.specimen_accept)
specimen_app.command("light")(records.specimen_light)
app.add_typer(specimen_app, name="specimen")


def main() -> None:
    """Entry point of ``dac-control``."""
    survive_odd_consoles()
    app()


if __name__ == "__main__":
    main()
