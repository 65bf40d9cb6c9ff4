"""Captures and recordings: frames to packets and conversations, and what a scan saw on disk."""
