"""What the command line takes, by family; `dac_control.app.commands` does the work.

Each command imports what it needs when it runs, so that help is quick.
"""
