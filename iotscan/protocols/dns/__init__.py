"""DNS and mDNS."""
