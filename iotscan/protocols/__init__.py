"""Bytes to dataclasses and back, a folder a protocol or family; nothing here waits or dials.

Families are ``link``, ``industrial``, ``makers`` and ``databases``. ``encodings`` and ``logins``
are what protocols carry, ``common`` is what readers of several protocols share.
"""
