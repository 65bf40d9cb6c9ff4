"""iotscan finds the devices on a network, checks them without harm, and says what to do."""

__version__ = "0.1.0"
