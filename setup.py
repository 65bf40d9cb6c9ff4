"""Only here because probes/ and rules/ live beside iotscan/ (docs/design/0001-layout.md)."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["iotscan", "iotscan.*"]), "iotscan.probes", "iotscan.rules"]
)
