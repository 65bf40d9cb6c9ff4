"""OPC UA: the binary wire form, endpoints and their policies."""
