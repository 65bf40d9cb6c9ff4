"""Two reports side by side: who is who, what is new, what is gone, and what nobody looked at.

Pure: snapshots of reports in, a :class:`~iotscan.model.difference.Difference` out.
"""
