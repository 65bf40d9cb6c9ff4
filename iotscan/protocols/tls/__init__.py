"""TLS: hellos, server flights, suites, and what a handshake tells."""
