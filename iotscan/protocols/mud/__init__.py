"""Manufacturer Usage Descriptions (RFC 8520): what a device may talk to, as its maker says."""
