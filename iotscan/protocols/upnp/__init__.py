"""UPnP: descriptions, gateways, and what they tell."""
