"""The local page and the HTTP API: they read the store and show the same reports.

``fence`` lets nobody in who does not belong, ``scans`` runs the one scan and tells how it goes,
``pages`` is for browsers, ``interface`` for programs.
"""
