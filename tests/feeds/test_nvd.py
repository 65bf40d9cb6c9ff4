"""What of the NVD's records is taken: what can be held against a device for sure, and no more."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iotscan.assess.rulebook.feeds import Listed, Versions
from iotscan.feeds import cpe
from iotscan.feeds.nvd import listed

from_any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["cve", "id", "configurations", "nodes", "cpeMatch", "criteria", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


def one(element: Any) -> Listed:
    (found,) = listed(element)
    return found


def test_firmware_on_hardware_of_its_name(nvd: Any) -> None:
    found = one(nvd.cve(nvd.on_hardware([nvd.match(versionEndIncluding="1.04b12")])))
    assert found == Listed(
        "CVE-2024-1000", "dlink", "dir645", "Anybody may [31mdo it.", (Versions(through="1.04b12"),)
    )


@pytest.mark.parametrize(
    ("bounds", "wanted"),
    [
        (
            {"versionStartIncluding": "1.0", "versionEndExcluding": "2.0"},
            Versions(since="1.0", before="2.0"),
        ),
        (
            {"versionStartExcluding": "1.0", "versionEndIncluding": "2.0"},
            Versions(after="1.0", through="2.0"),
        ),
        ({}, Versions()),
    ],
)
def test_bounds_are_what_they_are_called(nvd: Any, bounds: Any, wanted: Versions) -> None:
    assert one(nvd.cve(nvd.on_hardware([nvd.match(**bounds)]))).versions == (wanted,)


def test_versions_one_by_one_with_their_updates(nvd: Any) -> None:
    names = [
        "cpe:2.3:o:dlink:dir-645_firmware:1.03:*:*:*:*:*:*:*",
        "cpe:2.3:o:dlink:dir-645_firmware:1.04:b11:*:*:*:*:*:*",
        "cpe:2.3:o:dlink:dir-645_firmware:5.20\\(abuh.3\\)c0:-:*:*:*:*:*:*",
    ]
    found = one(nvd.cve(nvd.on_hardware([nvd.match(name) for name in names])))
    assert [versions.exact for versions in found.versions] == ["1.03", "1.04 b11", "5.20(abuh.3)c0"]


def test_an_operating_system_is_a_family_of_any_model_or_of_those_named(nvd: Any) -> None:
    system = nvd.match("cpe:2.3:o:mikrotik:routeros:*:*:*:*:*:*:*:*", versionEndIncluding="6.42")
    alone = one(nvd.cve({"nodes": [nvd.node(system)]}))
    assert (alone.vendor, alone.product, alone.family, alone.models) == (
        "mikrotik", "routeros", True, (),
    )  # fmt: skip
    hardware = ["cpe:2.3:h:mikrotik:rb951:-:*:*:*:*:*:*:*"]
    assert one(nvd.cve(nvd.on_hardware([system], hardware))).models == ("rb951",)


def test_the_nvd_tells_of_attacks_itself(nvd: Any) -> None:
    node = {"nodes": [nvd.node(nvd.match())]}
    assert one(nvd.cve(node, cisaExploitAdd="2021-12-01")).exploited
    assert not one(nvd.cve(node)).exploited


def narrower(nvd: Any) -> list[Any]:
    """Records that say more than a scan can tell, or something else."""
    firmware, web = nvd.match(), nvd.match("cpe:2.3:a:dlink:dir-645:1.0:*:*:*:*:*:*:*")
    other = ["cpe:2.3:h:dlink:dir-655:-:*:*:*:*:*:*:*"]
    revision = ["cpe:2.3:h:dlink:dir-645:a1:*:*:*:*:*:*:*"]
    maker = ["cpe:2.3:h:other:dir-645:-:*:*:*:*:*:*:*"]
    region = nvd.match("cpe:2.3:o:dlink:dir-645_firmware:*:*:*:*:*:*:wwb:*")
    unknown = nvd.match("cpe:2.3:o:dlink:dir-645_firmware:-:*:*:*:*:*:*:*")
    alone = {"nodes": [nvd.node(firmware)]}
    return [
        nvd.cve(nvd.on_hardware([firmware], other)),
        nvd.cve(nvd.on_hardware([firmware], revision)),
        nvd.cve(nvd.on_hardware([firmware], maker)),
        nvd.cve({"nodes": [nvd.node(web)]}),
        nvd.cve({"nodes": [nvd.node(region)]}),
        nvd.cve({"nodes": [nvd.node(unknown)]}),
        nvd.cve({"nodes": [nvd.node(nvd.match("cpe:2.3:h:dlink:dir-645:*:*:*:*:*:*:*:*"))]}),
        nvd.cve({"operator": "AND", "nodes": [nvd.node(firmware), nvd.node(web)]}),
        nvd.cve(
            {"operator": "AND",
             "nodes": [nvd.node(firmware), nvd.node(nvd.match(web["criteria"], vulnerable=False))]}
        ),
        nvd.cve({"nodes": [nvd.node(firmware, negate=True)]}),
        nvd.cve(alone | {"negate": True}),
        nvd.cve({"nodes": [nvd.node(firmware, operator="AND")]}),
        nvd.cve({"nodes": [nvd.node(nvd.match(vulnerable=False))]}),
        nvd.cve({"nodes": [nvd.node(nvd.match(versionEndIncluding=7))]}),
        nvd.cve(alone, vulnStatus="Rejected"),
        nvd.cve(alone, id="CVE-2024-1'; --"),
        nvd.cve(),
        {"cve": None}, {}, [], None, 7,
    ]  # fmt: skip


def test_nothing_is_taken_of_what_is_narrower_or_something_else(nvd: Any) -> None:
    assert [list(listed(record)) for record in narrower(nvd)] == [[]] * len(narrower(nvd))


def test_version_1_1_says_the_same(nvd: Any) -> None:
    def old(name: str, *, vulnerable: bool = True, **bounds: str) -> Any:
        return {"vulnerable": vulnerable, "cpe23Uri": name, "cpe_name": []} | bounds

    firmware = old("cpe:2.3:o:dlink:dir-645_firmware:*:*:*:*:*:*:*:*", versionEndExcluding="1.05")
    hardware = old("cpe:2.3:h:dlink:dir-645:-:*:*:*:*:*:*:*", vulnerable=False)
    children = [
        {"operator": "OR", "children": [], "cpe_match": [firmware]},
        {"operator": "OR", "children": [], "cpe_match": [hardware]},
    ]
    found = one(nvd.old({"operator": "AND", "children": children, "cpe_match": []}))
    assert (found.product, found.versions) == ("dir645", (Versions(before="1.05"),))
    assert one(nvd.old(children[0])).about == "Anybody may."
    negated = {"operator": "AND", "negate": True, "children": children}
    assert list(listed(nvd.old(negated))) == []


@given(from_any)
def test_records_of_any_form_are_borne(record: Any) -> None:
    list(listed(record))
    list(listed({"cve": {"id": "CVE-2024-1000", "configurations": record}}))
    list(listed({"cve": {"id": "CVE-2024-1000"}, "configurations": record}))


@pytest.mark.parametrize(
    "name",
    [
        "cpe:2.3:o:dlink:*:1.0:*:*:*:*:*:*:*",
        "cpe:2.3:o:dlink:x:1.0",
        "cpe:/o:dlink:x:1.0",
        "cpe:2.3:o::x:1.0:*:*:*:*:*:*:*",
        "cpe:2.3:o:" + "a" * 500 + ":x:1.0:*:*:*:*:*:*:*",
        None,
        7,
    ],
)
def test_broken_names_are_none(name: object) -> None:
    assert cpe.parse(name) is None


def test_colons_and_signs_in_names_are_unescaped() -> None:
    found = cpe.parse("cpe:2.3:o:zyxel:nsa220\\+_firmware:1\\:2:*:*:*:*:*:*:*")
    assert found == cpe.Cpe("o", "zyxel", "nsa220+_firmware", "1:2")
