"""A machine without a way to what it is to scan: it could not look, and that is not nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# One that is attached and down has no way either, but is told of by another word of the kernel's.
DOWN = "ip link add v0 type veth peer name v1 && ip addr add 10.9.9.9/24 dev v0"


@pytest.mark.parametrize("before", ["true", DOWN], ids=["no interface", "interface down"])
@pytest.mark.parametrize("target", ["10.9.9.0/29", "10.9.9.1"])
def test_what_no_way_leads_to_was_not_looked_at(before: str, target: str, tmp_path: Path) -> None:
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("network namespaces need Linux, root and unshare")
    scan = f"{sys.executable} -m iotscan scan {target} --ports 80 --no-store --output json:-"
    ran = subprocess.run(
        ["unshare", "--net", "sh", "-c", f"{before} && exec {scan} --quiet"],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert ran.returncode == 3, ran.stderr
    report = json.loads(ran.stdout)
    assert report["complete"] is False
    reasons = [gap["reason"] for gap in report["gaps"]]
    assert any("no way leads there from this machine" in reason for reason in reasons), reasons
