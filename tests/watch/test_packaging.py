"""The systemd units and the container image, as far as they can be tried without either."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest

from iotscan.cli.watch import watch

ROOT = Path(__file__).resolve().parents[2]
UNITS = ROOT / "packaging" / "systemd"
CONTAINER = ROOT / "packaging" / "Containerfile"
# What a wheel is made of; the rest of the project is for those who work on it.
FOLDERS = {"iotscan", "probes", "rules"}


class Unit(ConfigParser):
    """A unit file: repeated keys are joined with a line break, names keep their case."""

    def __init__(self, path: Path) -> None:
        super().__init__(strict=False, interpolation=None, delimiters="=", comment_prefixes="#;")
        self.read_string(path.read_text("utf-8"))

    def optionxform(self, optionstr: str) -> str:
        return optionstr


@pytest.fixture(scope="module")
def service() -> Unit:
    return Unit(UNITS / "iotscan-watch.service")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units with a program that exists here."""
    for unit in UNITS.iterdir():
        text = unit.read_text("utf-8").replace(
            "/opt/iotscan/bin/iotscan", shutil.which("true") or ""
        )
        (tmp_path / unit.name).write_text(text)
    return tmp_path


def test_service_runs_a_command_that_exists(service: Unit) -> None:
    program, command, *flags = shlex.split(service["Service"]["ExecStart"])
    assert (Path(program).name, command) == ("iotscan", watch.name)
    assert set(flags) <= {option for one in watch.params for option in one.opts}
    assert "--once" in flags
    assert service["Service"]["Type"] == "oneshot"


def test_service_has_the_one_right_it_needs_and_hides_its_settings(service: Unit) -> None:
    options = service["Service"]
    assert options["CapabilityBoundingSet"] == options["AmbientCapabilities"] == "CAP_NET_RAW"
    for option in ("DynamicUser", "NoNewPrivileges", "PrivateTmp", "ProtectHome"):
        assert options[option] == "yes"
    assert options["ProtectSystem"] == "strict"
    assert options["LoadCredential"].startswith("config.toml:/etc/iotscan/")
    assert {"AF_PACKET", "AF_NETLINK"} <= set(options["RestrictAddressFamilies"].split())


def test_timer_starts_the_service_of_its_name() -> None:
    timer = Unit(UNITS / "iotscan-watch.timer")
    assert "Unit" not in timer["Timer"]
    assert re.fullmatch(r"\*-\*-\* \d\d:\d\d:00", timer["Timer"]["OnCalendar"])
    assert timer["Timer"]["Persistent"] == "yes"
    assert timer["Install"]["WantedBy"] == "timers.target"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="not installed: systemd")
def test_systemd_understands_every_line(installed: Path) -> None:
    units = [str(unit) for unit in installed.iterdir()]
    ran = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="not installed: systemd")
def test_systemd_finds_the_service_well_closed(installed: Path) -> None:
    """2.5 of 10; what is left open is what a scan is about: the network."""
    unit = str(installed / "iotscan-watch.service")
    command = ["systemd-analyze", "security", "--offline=yes", "--threshold=25", "--no-pager", unit]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout


def instructions() -> Iterator[tuple[str, str]]:
    """(instruction, its arguments) of the image's definition, continued lines joined."""
    lines = [line for line in CONTAINER.read_text("utf-8").splitlines() if line[:1] != "#"]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        if line.strip():
            word, _, rest = line.partition(" ")
            yield word, rest.strip()


def of(word: str) -> list[str]:
    return [rest for found, rest in instructions() if found == word]


def copied() -> list[str]:
    """What is copied from the checkout."""
    every = [rest.split() for rest in of("COPY")]
    return [source for words in every if "--from=" not in words[0] for source in words[:-1]]


def test_image_knows_no_other_instruction_and_its_shell_lines_are_shell() -> None:
    known = {"FROM", "RUN", "COPY", "ENV", "VOLUME", "USER", "STOPSIGNAL", "ENTRYPOINT", "CMD"}
    assert {word for word, _ in instructions()} <= known
    for line in of("RUN"):
        subprocess.run(["sh", "-n", "-c", line], check=True)


def test_everything_that_is_copied_exists_and_is_all_that_is_needed() -> None:
    for source in copied():
        assert (ROOT / source).exists(), source
    wanted = {"pyproject.toml", "setup.py", "packaging/requirements.lock"}
    assert set(copied()) >= FOLDERS | wanted
    (stage,) = [rest for rest in of("COPY") if rest.startswith("--from=")]
    assert f"AS {stage.split()[0].removeprefix('--from=')}" in of("FROM")[0]


def test_everything_from_elsewhere_is_pinned() -> None:
    for image in of("FROM"):
        assert re.match(r"docker\.io/library/python:\d+\.\d+\.\d+-slim-\w+( |$)", image), image
    for line in of("RUN"):
        for command in line.split("&&"):
            if "pip install" not in command or "/src " in f"{command.strip()} ":
                continue
            pinned = re.search(r" [a-z]+==[\d.]+$", command.strip())
            assert pinned or "--require-hashes" in command, command


def test_image_has_what_the_tests_were_run_with_and_can_notify() -> None:
    def pins(lock: str) -> set[tuple[str, str]]:
        return set(re.findall(r"^([\w.-]+)==([^ ;]+)", (ROOT / lock).read_text("utf-8"), re.M))

    image = pins("packaging/requirements.lock")
    assert image <= pins("requirements-dev.lock")
    assert image >= pins("requirements.lock")
    assert "apprise" in dict(image)


def test_python_of_the_image_is_one_that_we_support() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lowest = tuple(map(int, wanted["requires-python"].removeprefix(">=").split(".")))
    for image in of("FROM"):
        assert tuple(map(int, re.findall(r"python:(\d+)\.(\d+)", image)[0])) >= lowest


def test_image_runs_our_command_as_nobody_in_particular_with_one_right() -> None:
    (entry,), (command,), (user,) = of("ENTRYPOINT"), of("CMD"), of("USER")
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    (program,) = json.loads(entry)
    assert Path(program).name in scripts
    assert str(Path(program).parent.parent) in " ".join(of("COPY"))
    assert json.loads(command) == [watch.name]
    assert all(int(part) > 0 for part in user.split(":"))
    assert [line for line in of("RUN") if "setcap" in line and "cap_net_raw=ep" in line]
    (volume,) = of("VOLUME")
    assert f"XDG_DATA_HOME={volume}" in " ".join(of("ENV"))


def test_what_is_copied_makes_a_whole_package(tmp_path: Path) -> None:
    source, out = tmp_path / "src", tmp_path / "wheel"
    source.mkdir()
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in copied():
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=ignore)
        else:
            shutil.copy(ROOT / name, source / Path(name).name)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(out), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    names = set(zipfile.ZipFile(built).namelist())
    for folder in FOLDERS:
        inside = "" if folder == "iotscan" else "iotscan/"
        for path in (ROOT / folder).rglob("*.py"):
            assert f"{inside}{path.relative_to(ROOT).as_posix()}" in names
