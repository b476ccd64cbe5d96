"""Models of run files by plan, each imported when it is asked for."""

from collections.abc import Iterator, Mapping
from importlib import import_module

from dac_control.app.run_models.base import RunFile

__all__ = ["PlanModels"]


class PlanModels(Mapping[str, type[RunFile]]):
    """Model of each plan's run file; a process carries out one or two of a dozen plans.

    Parameters
    ----------
    where : mapping
        By plan, module of this package and class: ``screw.RampFile``.
    """

    def __init__(self, where: Mapping[str, str]) -> None:
        self.where = where

    def __getitem__(self, plan: str) -> type[RunFile]:
        module, _, name = self.where[plan].partition(".")
        return getattr(import_module(f"{__package__}.{module}"), name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.where)

    def __len__(self) -> int:
        return len(self.where)
