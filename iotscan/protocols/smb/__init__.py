"""SMB: negotiation, sessions of strangers, and what the answers tell."""
