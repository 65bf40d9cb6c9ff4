"""SSH: banners, key exchange, a client as far as it is needed, and what they tell."""
