"""SNMP v1, v2c and v3: messages, and what they tell."""
