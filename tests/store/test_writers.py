"""Several writers at once, and writers that are killed: whole scans, each once, nothing else."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from paper import TELNET, Thing, report

from iotscan.store import Store, open_store

LAB = Path(__file__).resolve().parents[1] / "lab"
# Adds scans of one camera and lamps until told to stop; says each id once it is safe.
_WRITER = """
import sys
sys.path.insert(0, {lab!r})
from paper import TELNET, Thing, report
from iotscan.store import open_store

name, number, many = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
camera = Thing("192.0.2.7", "00:00:5e:00:53:01", doors=(TELNET,))
macs = [f"00:00:5e:00:54:{{n:02x}}" for n in range(60)]
lamps = [Thing(f"192.0.2.{{100 + n}}", mac, doors=(TELNET,)) for n, mac in enumerate(macs)]
reports = [report(camera, *lamps, day=1 + abs(number * many + n) % 27) for n in range(many)]
print("ready", flush=True)
sys.stdin.readline()
with open_store(name) as store:
    for made in reports:
        print(store.add(made), flush=True)
    if number < 0:
        from iotscan.store.registry import Registry

        def stop(*_):
            print("middle", flush=True)
            sys.stdin.readline()

        Registry._keep_marks = stop
        store.add(reports[0])
"""
CAMERA = Thing("192.0.2.7", "00:00:5e:00:53:01", doors=(TELNET,))


def writer(place: str, number: int, many: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _WRITER.format(lab=str(LAB)), place, str(number), str(many)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def begin(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("go\n")
    process.stdin.flush()


def check_whole(store: Store, ids: set[int]) -> None:
    """Every scan that is listed can be read, and every device was recognised."""
    assert {scan.id for scan in store.scans()} >= ids
    for scan in store.scans():
        found = store.report(scan.id)
        assert len(found.devices) == scan.devices
        assert len(store.scanned(scan.id).known) == scan.devices
    cameras = [device for device in store.devices() if device.mac == CAMERA.mac]
    assert len(cameras) == (1 if store.scans() else 0)


def test_processes_that_write_at_once_lose_nothing_and_share_the_devices(place: str) -> None:
    writers = [writer(place, number, 5) for number in range(3)]
    for process in writers:
        begin(process)
    ids = [int(line) for process in writers for line in process.communicate()[0].split()]
    assert [process.returncode for process in writers] == [0, 0, 0]
    assert len(set(ids)) == len(ids) == 15
    with open_store(place) as store:
        assert {scan.id for scan in store.scans()} == set(ids)
        check_whole(store, set(ids))
        assert len(store.devices()) == 61


def test_threads_of_one_store_may_all_write(store: Store) -> None:
    reports = [report(CAMERA, day=day) for day in range(1, 9)]
    faults: list[Exception] = []

    def add(number: int) -> None:
        try:
            store.add(reports[number])
            store.devices()
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(len(reports))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(store.scans()) == len(reports)
    assert [device.scans for device in store.devices()] == [len(reports)]


def test_many_that_open_a_new_file_at_once_all_find_it_ready(tmp_path: Path) -> None:
    made = report(CAMERA)
    for number in range(10):
        place, faults = str(tmp_path / f"new{number}.sqlite"), list[Exception]()
        gate = threading.Barrier(4)

        def add(
            place: str = place, gate: threading.Barrier = gate, faults: list[Exception] = faults
        ) -> None:
            gate.wait()
            try:
                with open_store(place) as store:
                    store.add(made)
            except Exception as fault:
                faults.append(fault)

        threads = [threading.Thread(target=add) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        with open_store(place) as store:
            assert len(store.scans()) == 4


def test_writer_killed_in_the_middle_leaves_no_half_scan(place: str) -> None:
    """It dies between the rows of a scan, after two scans that were said to be safe."""
    process = writer(place, -1, 2)
    begin(process)
    assert process.stdout is not None
    safe = {int(process.stdout.readline()) for _ in range(2)}
    assert process.stdout.readline() == "middle\n"
    process.kill()
    process.communicate()
    with open_store(place) as store:
        assert {scan.id for scan in store.scans()} == safe
        check_whole(store, safe)
        assert store.report(store.add(report(CAMERA, day=28))) == report(CAMERA, day=28)


def test_writer_killed_at_any_moment_loses_no_finished_scan(place: str) -> None:
    process = writer(place, 0, 200)
    begin(process)
    assert process.stdout is not None
    safe = {int(process.stdout.readline()) for _ in range(3)}
    process.kill()
    rest = process.communicate()[0]
    safe |= {int(line) for line in rest.splitlines() if line.isdecimal()}
    assert process.returncode < 0
    with open_store(place) as store:
        # At most one more was safe before it could say so.
        assert len({scan.id for scan in store.scans()} - safe) <= 1
        check_whole(store, safe)
