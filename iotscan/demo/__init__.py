"""A virtual home on loopback, so that anybody can see a scan without a device."""
