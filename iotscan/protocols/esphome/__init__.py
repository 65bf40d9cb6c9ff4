"""ESPHome's native API."""
