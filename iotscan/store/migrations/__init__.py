"""How databases of earlier versions become those of today; run by :mod:`iotscan.store.migrate`."""
