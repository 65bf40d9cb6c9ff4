"""CoAP over UDP and TCP: messages, exchanges, resources, and what they tell."""
