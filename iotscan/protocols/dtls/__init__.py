"""DTLS: hellos, flights, and what a handshake tells."""
