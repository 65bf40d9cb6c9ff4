"""What is said to services and read in answers: a file a protocol, ending in ``PROBE = …``."""
