"""The catalogue of known exploited vulnerabilities of CISA: which flaws are under attack.

https://www.cisa.gov/known-exploited-vulnerabilities-catalog, the JSON file. It tells products by
names for people and no versions, so by itself it matches no device: it says of flaws that are known
from elsewhere that they are attacked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

ARRAY = "vulnerabilities"
_ID = re.compile(r"CVE-\d{4}-\d{4,7}")


def exploited(element: object) -> str:
    """The id of the flaw that an element of the catalogue tells of, "" for any other form."""
    name = element.get("cveID") if isinstance(element, Mapping) else None
    return name if isinstance(name, str) and _ID.fullmatch(name) else ""
