"""What is said to services and read in their answers: a file a protocol, ending in ``PROBE = …``."""
