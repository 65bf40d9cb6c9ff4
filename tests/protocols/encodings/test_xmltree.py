"""XML from devices: bounded, without entities, without namespaces."""

from __future__ import annotations

import pytest

from iotscan.errors import Malformed
from iotscan.protocols.encodings import xmltree

TREE = b'<a xmlns="urn:x"><b><c>one</c></b><b><c>two</c></b></a>\0'


def test_elements_are_found_whatever_their_namespace() -> None:
    root = xmltree.parse(TREE)
    assert xmltree.name(root) == "a"
    assert [xmltree.text(each, "c") for each in xmltree.children(root, "b")] == ["one", "two"]
    assert xmltree.text(root, "b", "c") == "one"
    assert xmltree.find(root, "b", "none", "c") is None
    assert xmltree.text(None, "b") == ""


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<a>",
        b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
        b"<a>" * 40 + b"</a>" * 40,
        b"<a>" + b" " * xmltree.LARGEST + b"</a>",
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
    ],
)
def test_what_is_broken_or_a_bomb_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        xmltree.parse(data)
