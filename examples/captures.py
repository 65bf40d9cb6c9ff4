"""Read a folder of captures as one data set: which devices, whom they talk to, what is weak.

python examples/captures.py captures/ [device-to-look-at]
"""

from __future__ import annotations

import sys
from collections import Counter

import iotscan


def main(folder: str, wanted: str = "") -> None:
    report = iotscan.replay([folder])
    frames = sum(given.frames for given in report.inputs)
    print(f"{len(report.inputs)} captures, {frames} frames, {len(report.devices)} devices")

    print("\nfindings by type")
    for rule, count in Counter(finding.rule for finding in report.findings).most_common():
        print(f"{count:6} {rule}")

    print("\ndevices")
    owners = {address: device for device in report.devices for address in device.addresses}
    talked: dict[str, set[str]] = {}
    for seen in report.observations:
        device = owners.get(seen.address)
        if seen.kind == "capture.contact" and device is not None:
            names = seen.facts.get("names")
            known = names if isinstance(names, tuple) and names else (seen.facts["peer"],)
            talked.setdefault(device.key, set()).update(map(str, known))
    for device in report.devices:
        if wanted not in ("", device.key, *map(str, device.addresses)):
            continue
        what = " ".join(filter(None, (device.identity.vendor, device.identity.model)))
        print(f"{device.key}  {what or 'unknown'}")
        print(f"    talks to {', '.join(sorted(talked.get(device.key, ())))}")
        for finding in report.findings:
            if finding.device == device.key:
                proof = finding.proofs[0]
                frames_cited = ", ".join(map(str, proof.frames[:3]))
                print(f"    {finding.severity.value}: {finding.detail}")
                print(f"        {proof.file} frame {frames_cited}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
