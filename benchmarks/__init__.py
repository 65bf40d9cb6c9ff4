"""Measurements against other tools; see ``__main__``."""
