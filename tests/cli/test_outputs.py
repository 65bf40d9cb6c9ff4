"""Reports in files: checked before the scan, written whole or not at all, for the owner alone."""

from __future__ import annotations

import io
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from iotscan.cli.outputs import Output, checked, write_all
from iotscan.errors import UsageError
from iotscan.model import Report
from iotscan.report import Options, json

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")


def test_json_file_loads_back(library: Any, command: Callable[..., Any]) -> None:
    ran = command("scan", "127.0.0.1", "--output", "json:out.json", "--quiet")
    assert ran.out == ""
    assert "written to out.json" in ran.err
    assert json.loads(Path("out.json").read_text("utf-8")) == library.report
    assert [path.name for path in Path().iterdir()] == ["out.json"]


@pytest.mark.parametrize(
    ("outputs", "said"),
    [
        (["pdf"], "formats are: "),
        (["json:"], "a file name is missing"),
        (["requirements"], "it takes a FRAMEWORK, as in requirements:FRAMEWORK:FILE"),
        (["requirements::a.csv"], "it takes a FRAMEWORK"),
        (["requirements:uk-psti:"], "a file name is missing"),
        (["requirements:utopia:a.csv"], "there is no framework 'utopia'"),
        (["requirements:uk-psti:a.pdf"], "not as .pdf"),
        (["json:no/such/folder.json"], "cannot be written: No such file"),
        (["json:folder"], "is a folder"),
        (["json:a", "terminal:./a"], "two outputs would be written to"),
        (["json", "terminal"], "to the screen"),
        (["json:home.jsonl"], "two outputs would be written to"),
    ],
)
def test_output_that_cannot_be_is_told_before_the_scan(
    outputs: list[str], said: str, library: Any, command: Callable[..., Any]
) -> None:
    Path("folder").mkdir()
    flags = [word for output in outputs for word in ("--output", output)]
    ran = command("scan", "127.0.0.1", "--record", "home.jsonl", *flags)
    assert ran.code == 2
    assert said in ran.err
    assert library.asked == []
    assert [path.name for path in Path().iterdir()] == ["folder"]


@pytest.mark.skipif(sys.platform != "linux", reason="a folder that even root cannot write to")
def test_folder_that_takes_no_files_is_told_before_the_scan(
    library: Any, command: Callable[..., Any]
) -> None:
    assert command("scan", "127.0.0.1", "--output", "json:/proc/a.json").code == 2
    assert library.asked == []


def test_recording_that_cannot_be_written_is_told_before_asking(
    library: Any, command: Callable[..., Any]
) -> None:
    ran = command("scan", "--yes", "--record", "no/such/folder.jsonl")
    assert ran.code == 2
    assert "cannot be written" in ran.err
    assert library.asked == []


def test_the_same_output_twice_is_one(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    assert checked([f"json:{file}", f"json:{file}", "terminal", "terminal:-"]) == (
        Output("json", file),
        Output("terminal"),
    )


def test_formats_with_an_argument_take_it_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    texts = ["requirements:uk-psti", f"requirements:uk-psti:{file}", "requirements:uk-psti:-"]
    assert checked(texts) == (
        Output("requirements", None, "uk-psti"),
        Output("requirements", file, "uk-psti"),
    )


def test_several_formats_are_written_in_one_run(library: Any, command: Callable[..., Any]) -> None:
    wanted = {
        "html:home.html": "<!DOCTYPE html>",
        "sarif:home.sarif": "{",
        "csv:home.csv": "device,mac",
        "requirements:uk-psti:home.json": "{",
        "requirements:uk-psti:psti.html": "<!DOCTYPE html>",
        "requirements:uk-psti:psti.txt": "Product Security",
    }
    flags = [word for output in wanted for word in ("--output", output)]
    ran = command("scan", "127.0.0.1", "--output", "markdown", *flags, "--quiet")
    assert ran.out.startswith("# Of 5 devices")
    for output, beginning in wanted.items():
        text = Path(output.rpartition(":")[2]).read_text("utf-8")
        assert text.startswith(beginning), output
        assert "Front door" in text or output.startswith(("csv", "sarif"))


@posix
def test_file_is_for_its_owner_and_replaces_the_old_one_through_a_link(
    tmp_path: Path, samples: Any
) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("old")
    link.symlink_to(real)
    write_all(samples.home(), checked([f"json:{link}"]), False)
    assert link.is_symlink()
    assert json.loads(real.read_text("utf-8")) == samples.home()
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


@posix
def test_device_is_written_and_stays_a_device(samples: Any) -> None:
    write_all(samples.home(), checked(["json:/dev/null"]), False)
    assert Path("/dev/null").is_char_device()


def test_failure_in_the_middle_leaves_the_old_file_and_writes_the_others(
    samples: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(report: Report, out: io.TextIOBase, options: Options) -> None:
        out.write("half")
        raise OSError(28, "No space left on device")

    outputs = checked([f"terminal:{tmp_path / 'a.txt'}", f"json:{tmp_path / 'b.json'}"])
    (tmp_path / "a.txt").write_text("old")
    monkeypatch.setattr("iotscan.report.renderers", lambda: {"terminal": full, "json": json.render})
    with pytest.raises(UsageError, match=r"a\.txt: No space left on device"):
        write_all(samples.home(), outputs, False)
    assert (tmp_path / "a.txt").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "b.json"]


@posix
def test_reader_that_has_seen_enough_is_no_failure(stage: Callable[..., list[str]]) -> None:
    program = stage("library.replay = lambda *_, **__: samples.crowd(300)", "replay", "x")
    process = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 1


def test_closed_screen_is_told(
    library: Any, command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    ran = command("scan", "127.0.0.1", "--output", "terminal", "--output", "json:out.json")
    assert ran.code == 2
    assert "could not be written to the screen: standard output is closed" in ran.err
    assert Path("out.json").exists()


def test_passwords_are_shown_in_every_format_when_asked_for(
    samples: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from iotscan.credentials import Credential, Credentials

    known = Credentials((Credential("mirai-12", (), "system", "root", ""),))
    monkeypatch.setattr("iotscan.report.reveal.load", lambda: known)
    outputs = checked([f"terminal:{tmp_path / 'a'}", f"json:{tmp_path / 'b'}"])
    for show in (True, False):
        write_all(samples.home(), outputs, show)
        for output in outputs:
            assert output.file is not None
            text = " ".join(output.file.read_text("utf-8").split())
            assert ("The password is empty." in text) is show
