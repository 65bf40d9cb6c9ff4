"""Importing the publishers' files: which list it is, what is kept, what is refused and why."""

from __future__ import annotations

import gzip
import hashlib
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from iotscan.errors import UsageError
from iotscan.feeds import importing, store
from iotscan.feeds.importing import take_in
from iotscan.model import Feed, Identity
from iotscan.settings import Settings

FAMILIES = frozenset({"routeros"})


def written(path: Path, tree: Any, *, packed: bool = False) -> Path:
    data = json.dumps(tree).encode()
    path.write_bytes(gzip.compress(data) if packed else data)
    return path


def dir645(nvd: Any, **changed: Any) -> Any:
    return nvd.cve(nvd.on_hardware([nvd.match(versionEndIncluding="1.04b12")]), **changed)


@pytest.mark.parametrize("packed", [False, True])
def test_a_list_of_the_nvd(tmp_path: Path, nvd: Any, packed: bool) -> None:
    windows = nvd.match("cpe:2.3:o:microsoft:windows_10:-:*:*:*:*:*:*:*")
    android = nvd.match("cpe:2.3:o:google:android:12.0:*:*:*:*:*:*:*")
    tree = nvd.document(dir645(nvd), nvd.cve({"nodes": [nvd.node(windows, android)]}))
    path = written(tmp_path / "nvdcve-2.0-2024.json.gz", tree, packed=packed)
    taken = take_in(path, FAMILIES)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert taken.note == Feed("nvdcve-2.0-2024", "NVD", "2026-11-20", digest, 1)
    assert [flaw.product for flaw in taken.flaws] == ["dir645"]
    assert taken.elements == 2


def test_only_families_that_fingerprints_tell_are_kept(tmp_path: Path, nvd: Any) -> None:
    names = ("mikrotik:routeros", "google:android")
    matches = [nvd.match(f"cpe:2.3:o:{name}:1.0:*:*:*:*:*:*:*") for name in names]
    tree = nvd.document(*(nvd.cve({"nodes": [nvd.node(match)]}) for match in matches))
    taken = take_in(written(tmp_path / "nvd.json", tree), FAMILIES)
    assert [flaw.product for flaw in taken.flaws] == ["routeros"]


def test_the_catalogue_of_attacks(tmp_path: Path, kev: Any) -> None:
    taken = take_in(written(tmp_path / "any name.json", kev), FAMILIES)
    assert taken.exploited == ["CVE-2019-3978", "CVE-2024-1000"]
    assert (taken.note.name, taken.note.date, taken.note.entries) == ("cisa-kev", "2026-11-19", 2)


def test_attacks_that_the_nvd_tells_of(tmp_path: Path, nvd: Any) -> None:
    tree = nvd.document(dir645(nvd, cisaExploitAdd="2022-01-01"))
    assert take_in(written(tmp_path / "nvd.json", tree), FAMILIES).exploited == ["CVE-2024-1000"]


@pytest.mark.parametrize(
    ("tree", "reason"),
    [
        ({"vulnerabilities": []}, "is neither the catalogue"),
        ({"vulnerabilities": [1, 2]}, "is neither the catalogue"),
        ({"vulnerabilities": {"a": 1}}, "is neither the catalogue"),
        ({"hello": "world"}, "is neither the catalogue"),
        ([], "is no JSON"),
        ({"format": "NVD_CVE", "vulnerabilities": [{}]}, "does not say of when it is"),
        (
            {"catalogVersion": "soon", "vulnerabilities": [{"cveID": "CVE-2019-3978"}]},
            "does not say of when it is",
        ),
    ],
)
def test_other_files_are_refused_with_what_is_wrong(tmp_path: Path, tree: Any, reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        take_in(written(tmp_path / "list.json", tree), FAMILIES)


def test_a_list_longer_than_any_is_refused(
    tmp_path: Path, nvd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "MOST_ELEMENTS", 2)
    with pytest.raises(UsageError, match="more than any list"):
        take_in(written(tmp_path / "nvd.json", nvd.document({}, {}, {})), FAMILIES)


def kept(folder: Path, path: Path) -> None:
    store.keep(take_in(path, FAMILIES), folder)


def test_what_was_kept_is_held_against_devices(tmp_path: Path, nvd: Any, kev: Any) -> None:
    folder = tmp_path / "data" / "feeds"
    kept(folder, written(tmp_path / "nvd.json", nvd.document(dir645(nvd))))
    kept(folder, written(tmp_path / "kev.json", kev))
    feeds = store.load(folder)
    assert [note.name for note in feeds.notes] == ["cisa-kev", "nvd"]
    ((flaw, note),) = feeds.of(Identity("D-Link", "DIR-645", "1.03"))
    assert (flaw.id, note.name) == ("CVE-2024-1000", "nvd")
    assert feeds.exploited["CVE-2024-1000"].name == "cisa-kev"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_a_later_list_replaces_an_earlier_one_and_not_the_other_way(
    tmp_path: Path, nvd: Any
) -> None:
    folder = tmp_path / "feeds"
    new = written(tmp_path / "nvd.json", nvd.document(dir645(nvd)))
    kept(folder, new)
    kept(folder, new)
    written(new, nvd.document(timestamp="2027-01-01T00:00:00", vulnerabilities=[{}]))
    kept(folder, new)
    assert [note.date for note in store.load(folder).notes] == ["2027-01-01"]
    written(new, nvd.document(dir645(nvd)))
    with pytest.raises(UsageError, match="iotscan feeds remove nvd"):
        kept(folder, new)
    store.remove("nvd", folder)
    kept(folder, new)


@pytest.mark.parametrize("damage", [b"", b"{", b'{"format": 1}', b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_store_is_told_with_its_file(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "nvd.feed.json").write_bytes(damage)
    with pytest.raises(UsageError, match=r"nvd\.feed\.json is damaged .* import the feed again"):
        store.load(tmp_path)


def test_a_store_of_another_version_is_told(tmp_path: Path, nvd: Any) -> None:
    kept(tmp_path / "feeds", written(tmp_path / "nvd.json", nvd.document(dir645(nvd))))
    (file,) = (tmp_path / "feeds").iterdir()
    file.write_bytes(file.read_bytes().replace(b'"format":1', b'"format":9'))
    with pytest.raises(UsageError, match="another version"):
        store.load(tmp_path / "feeds")


@pytest.mark.parametrize("name", ["none", "../nvd", "", "/etc/passwd"])
def test_only_what_is_there_is_removed(tmp_path: Path, nvd: Any, name: str) -> None:
    kept(tmp_path / "feeds", written(tmp_path / "nvd.json", nvd.document(dir645(nvd))))
    with pytest.raises(UsageError, match="there are: nvd"):
        store.remove(name, tmp_path / "feeds")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, kev: Any) -> None:
    (tmp_path / "file").touch()
    taken = take_in(written(tmp_path / "kev.json", kev), FAMILIES)
    with pytest.raises(UsageError, match="cannot be kept in"):
        store.keep(taken, tmp_path / "file" / "feeds")


def test_without_a_folder_there_is_no_feed(tmp_path: Path) -> None:
    assert store.load(tmp_path / "none").notes == ()
    assert store.folder_of(Settings(feeds="/x")) == Path("/x")
    assert store.folder_of(Settings()) == store.default_folder()
