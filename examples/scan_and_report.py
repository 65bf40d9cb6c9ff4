"""Scan one's own network from a program and act on what is found.

python examples/scan_and_report.py 192.168.1.0/24
python examples/scan_and_report.py --demo
"""

from __future__ import annotations

import asyncio
import sys

import iotscan
from iotscan.demo.home import VirtualHome


async def main(arguments: list[str]) -> int:
    if arguments == ["--demo"]:
        async with VirtualHome() as home:
            report = await iotscan.scan(iotscan.Settings(targets=(str(home.network),)))
    else:
        report = await iotscan.scan(iotscan.Settings(targets=tuple(arguments)))

    print(f"{len(report.devices)} devices, {len(report.findings)} findings")
    for finding in report.findings:
        if finding.severity >= iotscan.Severity.HIGH:
            print(f"{finding.severity.value:8} {finding.address}  {finding.title}")
            print(f"         {finding.remedy}")
            print(f"         proof: {', '.join(proof.source for proof in finding.proofs)}")
    for gap in report.gaps:
        print(f"could not look at {gap.subject} ({gap.what}): {gap.reason}")
    return 0 if report.complete else 3


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
