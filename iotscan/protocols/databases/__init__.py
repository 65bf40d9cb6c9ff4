"""Databases: how each greets, and the words for what it lets strangers do."""
