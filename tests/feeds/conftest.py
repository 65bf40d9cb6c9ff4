"""Elements of the public lists in the forms that their publishers give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

FIRMWARE = "cpe:2.3:o:dlink:dir-645_firmware:*:*:*:*:*:*:*:*"
HARDWARE = "cpe:2.3:h:dlink:dir-645:-:*:*:*:*:*:*:*"


class Nvd:
    """Writes elements of the NVD's JSON."""

    def match(self, criteria: str = FIRMWARE, *, vulnerable: bool = True, **bounds: str) -> Any:
        return {"vulnerable": vulnerable, "criteria": criteria, "matchCriteriaId": "X"} | bounds

    def node(self, *matches: Any, **changed: Any) -> Any:
        return {"operator": "OR", "negate": False, "cpeMatch": list(matches)} | changed

    def cve(self, *configurations: Any, **changed: Any) -> dict[str, Any]:
        """Version 2.0, as https://nvd.nist.gov/developers/vulnerabilities has it."""
        body = {
            "id": "CVE-2024-1000",
            "vulnStatus": "Analyzed",
            "descriptions": [
                {"lang": "es", "value": "Cualquiera puede."},
                {"lang": "en", "value": "Anybody\nmay \x1b[31mdo it."},
            ],
            "metrics": {},
            "configurations": list(configurations),
        }
        return {"cve": body | changed}

    def on_hardware(self, firmware: Sequence[Any], hardware: Sequence[str] = (HARDWARE,)) -> Any:
        """A configuration of firmware that runs on this hardware."""
        on = [self.match(name, vulnerable=False) for name in hardware]
        return {"operator": "AND", "nodes": [self.node(*firmware), self.node(*on)]}

    def old(self, *nodes: Any) -> dict[str, Any]:
        """Version 1.1."""
        return {
            "cve": {
                "CVE_data_meta": {"ID": "CVE-2024-1000"},
                "description": {"description_data": [{"lang": "en", "value": "Anybody may."}]},
            },
            "configurations": {"CVE_data_version": "4.0", "nodes": list(nodes)},
        }

    def document(self, *elements: Any, **changed: Any) -> dict[str, Any]:
        head: Mapping[str, Any] = {
            "resultsPerPage": len(elements), "startIndex": 0, "totalResults": len(elements),
            "format": "NVD_CVE", "version": "2.0", "timestamp": "2026-11-20T03:00:01.123",
        }  # fmt: skip
        return {**head, "vulnerabilities": list(elements), **changed}


@pytest.fixture
def nvd() -> Nvd:
    return Nvd()


@pytest.fixture
def kev() -> dict[str, Any]:
    """CISA's catalogue with two entries."""
    return {
        "title": "CISA Catalog of Known Exploited Vulnerabilities",
        "catalogVersion": "2026.11.19",
        "dateReleased": "2026-11-19T15:00:00.0000Z",
        "count": 2,
        "vulnerabilities": [
            {"cveID": "CVE-2019-3978", "vendorProject": "MikroTik", "product": "RouterOS"},
            {"cveID": "CVE-2024-1000", "vendorProject": "D-Link", "product": "DIR-645 Router"},
        ],
    }
