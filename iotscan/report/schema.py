"""The JSON Schema of the JSON report, made from the nouns themselves, so that it cannot drift."""

from __future__ import annotations

import inspect
import json
from typing import Any

from iotscan import codec
from iotscan.model import Report
from iotscan.report.json import FORMAT


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the report; unknown fields are forbidden in it too."""
    tree = codec.schema(Report)
    for noun in tree["$defs"].values():
        if "description" in noun:
            # Python 3.13 takes the indent out of docstrings; older ones leave it in.
            noun["description"] = inspect.cleandoc(noun["description"])
        if "properties" in noun:
            noun["additionalProperties"] = False
    tree["$defs"]["Report"]["properties"]["format"] = {"const": FORMAT}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:iotscan:report:{FORMAT}",
        "title": f"iotscan report, format {FORMAT}",
        **tree,
    }


def published() -> str:
    """The text of ``schema.json`` as it must stand beside this file."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
