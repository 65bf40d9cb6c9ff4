"""From a recording to a report: a pure function of what was said."""
