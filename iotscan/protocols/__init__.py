"""Bytes to dataclasses and back, a folder a protocol or family; nothing here waits or dials.

``link``, ``industrial``, ``makers`` and ``databases`` are families. ``encodings`` and ``logins`` are
what protocols carry, ``common`` is what readers of several protocols share.
"""
