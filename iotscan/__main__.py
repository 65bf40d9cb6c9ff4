"""``python -m iotscan`` is the command ``iotscan``."""

import sys

from iotscan.cli import main

if __name__ == "__main__":
    sys.exit(main())
