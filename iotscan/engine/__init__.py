"""Conducts a scan: who is there, what each open port speaks, and every probe's conversation."""
