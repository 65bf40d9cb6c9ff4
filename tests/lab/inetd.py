"""Runs a program per connection with the socket as its input and output, as inetd does.

``python inetd.py PORT PROGRAM [ARG …]``
"""

from __future__ import annotations

import os
import signal
import socket
import sys


def main(port: int, argv: list[str]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    server = socket.create_server(("0.0.0.0", port), backlog=16)
    while True:
        connection, _ = server.accept()
        if os.fork() == 0:
            for descriptor in (0, 1, 2):
                os.dup2(connection.fileno(), descriptor)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.execv(argv[0], argv)
        connection.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
