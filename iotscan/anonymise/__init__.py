"""Captures and recordings that can be shared: who is in them is replaced, consistently.

Everything is replaced by something of the same length, so that no offset, length or sequence number
anywhere in a conversation has to change, and the same readers still read it.
"""
