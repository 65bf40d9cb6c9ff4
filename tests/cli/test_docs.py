"""The documents say what the code does: flags, settings, limits, exit codes, licences, links."""

from __future__ import annotations

import re
import tomllib
from dataclasses import asdict
from pathlib import Path

import click
import pytest

from iotscan.cli import exits
from iotscan.cli.root import COMMANDS, Run, root
from iotscan.settings import Limits, Settings
from iotscan.settings.keys import KEYS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def flags(name: str) -> set[str]:
    """The flags of a command, and of those below it."""
    command = root.get_command(click.Context(root, obj=Run()), name)
    assert command is not None
    below = command.commands.values() if isinstance(command, click.Group) else ()
    parameters = [parameter for one in (command, *below) for parameter in one.params]
    return {option for parameter in parameters for option in parameter.opts if "--" in option}


def test_usage_names_every_command_and_every_flag_of_scan() -> None:
    usage = text("docs/usage.md")
    assert [name for name in COMMANDS if f"## iotscan {name}" not in usage] == []
    table = set(re.findall(r"^\| `(--[a-z-]+)", usage, re.MULTILINE))
    assert table == flags("scan")


def test_every_flag_in_any_document_exists() -> None:
    known = {flag for name in COMMANDS for flag in flags(name)}
    known |= {"--debug", "--help", "--golden"} | {"--strict", "--now"}  # mypy's, systemctl's
    known |= {"--network", "--cap-drop", "--cap-add"}  # podman's and docker's
    for page in PAGES:
        found = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page.read_text("utf-8")))
        assert found <= known, page.name


def default(name: str) -> str:
    value: object = Settings()
    for part in name.split("."):
        value = getattr(value, part)
    value = getattr(value, "value", value)
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value) or "none"


def test_settings_table_is_that_of_the_code() -> None:
    rows = [
        f"| `{key.name}` | `{key.variable}` | {f'`{key.flag}`' if key.flag else ''} | "
        f"{default(key.name)} | {key.form.allowed} | {key.doc} |"
        for key in KEYS
    ]
    page = text("docs/settings.md").splitlines()
    assert [line for line in page if line.startswith("| `")] == rows


def test_limits_told_in_the_safety_page_are_the_defaults() -> None:
    limits = asdict(Limits())
    rows = dict(re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", text("docs/safety.md"), re.MULTILINE))
    told = {name: re.findall(r"[\d.]+", numbers) for name, numbers in rows.items()}
    expected = {
        "packets a second, in total": ["packets_per_second"],
        "connections a second, in total": ["connections_per_second"],
        "connections at a time to one device": ["connections_per_host"],
        "connections a second to one device": ["host_connections_per_second"],
        "time for a connection, an answer, a conversation": [
            "connect_timeout",
            "read_timeout",
            "conversation_timeout",
        ],
        "logins for an account, at a service": ["logins_per_account", "logins_per_service"],
        "pause between logins": ["login_pause"],
    }
    for row, keys in expected.items():
        assert [float(number) for number in told[row]] == [limits[key] for key in keys], row
    kibibytes, connections = told["bytes and connections in one conversation"]
    assert int(kibibytes) * 1024 == limits["conversation_bytes"]
    assert int(connections) == limits["conversation_connections"]
    words = ("no", "one", "two", "three", "four", "five", "six")
    account, service = words[Limits().logins_per_account], words[Limits().logins_per_service]
    assert f"at most {account} an account and {service} a service" in flat(text("docs/safety.md"))
    assert f"at most {account} known passwords an account" in flat(text("README.md"))


def flat(page: str) -> str:
    return " ".join(page.split())


def test_every_exit_code_is_documented_and_no_other() -> None:
    codes = {getattr(exits, name) for name in dir(exits) if name.isupper()}
    table = re.findall(r"^\| (\d+) \|", text("docs/exit-codes.md"), re.MULTILINE)
    assert {int(code) for code in table} == codes


@pytest.mark.parametrize("group", ["project", "dev"])
def test_every_dependency_stands_in_the_table_of_licences(group: str) -> None:
    tree = tomllib.loads(text("pyproject.toml"))
    dev = tree["dependency-groups"]["dev"]
    names = tree["project"]["dependencies"] if group == "project" else dev
    wanted = {re.split(r"[<>=\[;~! ]", name)[0].lower() for name in names}
    page = text("docs/licences.md").split("## Needed to ")
    rows = re.findall(
        r"^\| ([^|]+) \| [^|]+ \|", page[1 if group == "project" else 2], re.MULTILINE
    )
    listed = {name.strip().lower() for row in rows for name in row.split(",")} - {"package", "---"}
    assert listed == wanted


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if link.startswith("https://"):
            continue
        name, _, heading = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        if heading:
            headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
            assert heading in {
                re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings
            }


def test_recording_page_names_every_word_of_the_format() -> None:
    from iotscan.capture.recording import _WORDS

    table = re.findall(r"^\| `(\w+)` \|", text("docs/recording.md"), re.MULTILINE)
    assert table == list(_WORDS)
