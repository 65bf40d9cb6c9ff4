"""From a recording to a report: a pure function of what was said."""

from iotscan.assess.pipeline import assess

__all__ = ["assess"]
