"""A GStreamer player that fetches a stream in HTTP: ``player.py PORT [USER PASSWORD]``.

Run by the system's Python, as ``streams.py``. It plays until the first picture, or an error.
"""

from __future__ import annotations

import sys
from typing import Any

import gi  # type: ignore[import-not-found]  # of the system, not of our environment

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # type: ignore[import-not-found]  # noqa: E402


def main() -> None:
    port, login = sys.argv[1], sys.argv[2:]
    Gst.init(None)
    loop = GLib.MainLoop()
    pipeline = Gst.parse_launch("rtspsrc name=source latency=0 ! fakesink name=sink")
    source, sink = pipeline.get_by_name("source"), pipeline.get_by_name("sink")
    source.set_property("location", f"rtsph://127.0.0.1:{port}/test")
    if login:
        source.set_property("user-id", login[0])
        source.set_property("user-pw", login[1])
    sink.set_property("signal-handoffs", True)
    sink.connect("handoff", lambda *_: loop.quit())
    bus = pipeline.get_bus()
    bus.add_signal_watch()

    def stop(_: Any, message: Any) -> None:
        print(message.parse_error(), file=sys.stderr)
        loop.quit()

    bus.connect("message::error", stop)
    pipeline.set_state(Gst.State.PLAYING)
    loop.run()
    pipeline.set_state(Gst.State.NULL)


main()
