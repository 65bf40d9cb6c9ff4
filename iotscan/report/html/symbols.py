"""Small drawings of kinds of devices and of states: strokes in a square of 24 units."""

from __future__ import annotations

from collections.abc import Mapping

# Name → SVG path data. Drawn as lines, so that they work on light and dark alike.
DRAWINGS: Mapping[str, str] = {
    "camera": "M4 7h11a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H4a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1z"
    "M17 11l4-2.5v7L17 13M7 12a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0",
    "recorder": "M3 8h18v8H3zM6 12h5M17 12h.01M14 12h.01M6 16v2M18 16v2",
    "door": "M8 3h8a1 1 0 0 1 1 1v17H7V4a1 1 0 0 1 1-1zM10 8a2 2 0 1 0 4 0a2 2 0 1 0-4 0"
    "M10 15a2 2 0 1 0 4 0a2 2 0 1 0-4 0",
    "lock": "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3M12 15v2",
    "printer": "M7 9V4h10v5M5 9h14a2 2 0 0 1 2 2v5h-4M7 16H3v-5a2 2 0 0 1 2-2M7 14h10v6H7z",
    "router": "M4 14h16v5H4zM8 16.5h.01M11 16.5h.01M16 14V8M9.5 8a9 9 0 0 1 13 0"
    "M12 10.5a5.5 5.5 0 0 1 8 0",
    "switch": "M3 9h18v7H3zM6 12v2M9 12v2M12 12v2M15 12v2M18 12v2",
    "hub": "M12 4l7 4v8l-7 4l-7-4V8zM12 9a3 3 0 1 0 .01 0zM12 4v5M19 16l-4.5-2.5M5 16l4.5-2.5",
    "bulb": "M9 17h6M10 20h4M12 3a6 6 0 0 0-3.5 10.9c.5.4.5 1.6.5 3.1h6c0-1.5 0-2.7.5-3.1"
    "A6 6 0 0 0 12 3z",
    "plug": "M8 3v5M16 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4",
    "screen": "M3 5h18v12H3zM8 20h8M12 17v3",
    "speaker": "M7 3h10v18H7zM12 11a3.5 3.5 0 1 0 .01 0zM12 6h.01",
    "store": "M5 4h14v7H5zM5 13h14v7H5zM8 7.5h.01M8 16.5h.01M12 7.5h4M12 16.5h4",
    "phone": "M8 3h8a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM11 18h2",
    "computer": "M5 5h14v10H5zM3 19h18l-2-4H5z",
    "heat": "M10 14V5a2 2 0 0 1 4 0v9a4 4 0 1 1-4 0zM12 9v8",
    "sensor": "M12 10.5a1.5 1.5 0 1 0 .01 0zM8 16a5.6 5.6 0 0 1 0-8M16 8a5.6 5.6 0 0 1 0 8"
    "M5 19a10 10 0 0 1 0-14M19 5a10 10 0 0 1 0 14",
    "wheels": "M12 4a8 8 0 1 0 .01 0zM12 9a3 3 0 1 0 .01 0zM5 9.5h3M16 9.5h3",
    "machine": "M5 3h14v18H5zM5 7h14M12 10.5a3.5 3.5 0 1 0 .01 0zM8 5h.01",
    "power": "M13 3L5 14h6l-1 7l8-11h-6z",
    "plant": "M3 20V10l6 4v-4l6 4V4h6v16zM7 17h.01M11 17h.01M15 17h.01",
    "unknown": "M12 3a9 9 0 1 0 .01 0zM9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7M12 16.5h.01",
    "network": "M9 3h6v5H9zM3 16h6v5H3zM15 16h6v5h-6zM12 8v4M6 16v-4h12v4",
}
_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "camera": ("camera",),
    "recorder": ("video recorder", "projector"),
    "door": ("doorbell", "intercom", "garage door opener", "window covering"),
    "lock": ("lock", "alarm system"),
    "printer": ("printer", "scanner", "3d printer"),
    "router": ("router", "access point"),
    "switch": ("network switch", "powerline adapter"),
    "hub": ("hub", "remote control", "development board"),
    "bulb": ("bulb",),
    "plug": ("plug", "wall switch"),
    "screen": ("tv", "media player", "game console"),
    "speaker": ("speaker",),
    "store": ("nas", "server"),
    "phone": ("phone", "tablet", "ip phone", "watch"),
    "computer": ("computer",),
    "heat": ("thermostat", "heater", "air conditioner", "air purifier", "fan", "irrigation"),
    "sensor": ("sensor", "scale"),
    "wheels": ("vacuum", "robot mower"),
    "machine": ("appliance",),
    "power": ("energy meter", "ev charger", "ups"),
    "plant": ("industrial controller", "building controller"),
}
_DRAWING = {kind: name for name, kinds in _OF_KIND.items() for kind in kinds}
# State → the outline of its mark and the sign in it: told apart without colour.
MARKS: Mapping[str, tuple[str, str]] = {
    "critical": ("M8 2h8l6 6v8l-6 6H8l-6-6V8z", "M12 7v6M12 16.8v.2"),
    "high": ("M12 2.5L22.5 21H1.5z", "M12 9.5v5M12 17.8v.2"),
    "medium": ("M12 1.5L22.5 12L12 22.5L1.5 12z", "M8 12h8"),
    "low": ("M3 3h18v18H3z", "M8 12h8"),
    "info": ("M12 1.5a10.5 10.5 0 1 0 .01 0z", "M12 11.5v5.5M12 7.3v.2"),
    "accepted": ("M3 3h18v18H3z", "M7 12.5l3.5 3.5L17 9"),
    "none": ("M12 1.5a10.5 10.5 0 1 0 .01 0z", "M7 12.5l3.5 3.5L17 9"),
}


def drawing(kind: str) -> str:
    """The name of the drawing for a kind of device; of a question mark for unknown kinds."""
    return _DRAWING.get(kind, "unknown")
