"""Notations that several protocols are written in; nobody speaks them alone."""
