"""Ways of finding devices: a file each, ending in ``DISCOVERER = …``, found as probes are."""
