"""Settings: every source, which one wins, and every fault named with what would be allowed."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path

import pytest

from iotscan.errors import SettingsError
from iotscan.model import Impact, Severity
from iotscan.settings import Limits, Settings
from iotscan.settings.keys import KEYS
from iotscan.settings.loader import default_config, load


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def faults(config: Path | None = None, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        load(config=config, environ=environ or {})
    return str(raised.value).splitlines()


def test_every_setting_can_be_set_and_no_other() -> None:
    names = {field.name for field in fields(Settings)} - {"limits"}
    names |= {f"limits.{field.name}" for field in fields(Limits)}
    assert {key.name for key in KEYS} == names


def test_nothing_given_gives_the_defaults(config: Path) -> None:
    config.write_text("")
    assert load(config=config, environ={}) == Settings()


def test_every_default_is_a_value_that_its_own_check_allows() -> None:
    for key in KEYS:
        holder: object = Settings()
        for part in key.name.split("."):
            holder = getattr(holder, part)
        value = getattr(holder, "value", holder)
        plain = list(value) if isinstance(value, tuple) else value
        if plain not in ("", []):
            assert key.form.read(plain) == holder, key.name


def test_file_sets_every_form_of_value(config: Path) -> None:
    config.write_text(
        'targets = ["192.168.1.0/24"]\nexclude = "192.168.1.9"\nimpact = "greet"\n'
        'ports = [23, "8000-8002"]\nsweep = "nmap"\nshow_passwords = true\nfail_on = "high"\n'
        'rule_folders = ["~/rules"]\n[limits]\nconnect_timeout = 2\nlogins_per_account = 1\n'
    )
    settings = load(config=config, environ={})
    assert settings == Settings(
        targets=("192.168.1.0/24",),
        exclude=("192.168.1.9",),
        impact=Impact.GREET,
        ports=(23, 8000, 8001, 8002),
        sweep="nmap",
        show_passwords=True,
        fail_on=Severity.HIGH,
        rule_folders=(str(Path("~/rules").expanduser()),),
        limits=Limits(connect_timeout=2.0, logins_per_account=1),
    )


def test_later_sources_win(config: Path) -> None:
    config.write_text('impact = "listen"\nfail_on = "high"\nsweep = "nmap"\n')
    settings = load(
        {"sweep": "connect", "impact": None},
        config,
        {"IOTSCAN_FAIL_ON": "medium", "IOTSCAN_SWEEP": "nmap"},
    )
    assert settings.impact is Impact.LISTEN
    assert settings.fail_on is Severity.MEDIUM
    assert settings.sweep == "connect"


def test_environment_reads_every_form(config: Path) -> None:
    config.write_text("")
    settings = load(
        config=config,
        environ={
            "IOTSCAN_TARGETS": "10.0.0.0/24, 10.0.1.1",
            "IOTSCAN_PORTS": "23,2323",
            "IOTSCAN_SHOW_PASSWORDS": "yes",
            "IOTSCAN_IMPACT": "LISTEN",
            "IOTSCAN_RULE_FOLDERS": os.pathsep.join(["/a", "/b"]),
            "IOTSCAN_LIMITS_READ_TIMEOUT": "0.5",
            "IOTSCAN_LIMITS_CONNECTIONS_PER_HOST": "2",
            "IOTSCAN_DISCOVERY_TIME": "",
        },
    )
    assert settings.targets == ("10.0.0.0/24", "10.0.1.1")
    assert settings.ports == (23, 2323)
    assert settings.show_passwords
    assert settings.impact is Impact.LISTEN
    assert settings.rule_folders == ("/a", "/b")
    assert settings.limits == Limits(read_timeout=0.5, connections_per_host=2)
    assert settings.discovery_time == Settings().discovery_time


def test_variables_of_the_test_suite_are_no_settings(config: Path) -> None:
    config.write_text("")
    assert load(config=config, environ={"IOTSCAN_TEST_ANYTHING": "1"}) == Settings()


def test_file_named_by_the_environment_is_read(config: Path) -> None:
    config.write_text('sweep = "nmap"')
    assert load(environ={"IOTSCAN_CONFIG": str(config)}).sweep == "nmap"


def test_file_in_the_users_folder_is_read_and_may_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platformdirs.user_config_path", lambda name: tmp_path / name)
    assert load(environ={}) == Settings()
    default_config().parent.mkdir()
    default_config().write_text('sweep = "nmap"')
    assert load(environ={}).sweep == "nmap"


def test_every_fault_of_every_source_is_told_at_once(config: Path) -> None:
    config.write_text('impcat = "greet"\nimpact = "hard"\n[limits]\nread_timeout = "soon"\n')
    told = faults(config, {"IOTSCAN_PORTS": "0", "IOTSCAN_NOISE": "1"})
    assert len(told) == 5
    assert f"{config}: 'impcat': no such setting; did you mean impact?" in told
    assert f"{config}: impact: must be one of listen, greet, login, not 'hard'" in told
    assert any("limits.read_timeout: must be a number from 0.05 to 60" in line for line in told)
    assert any(line.startswith("IOTSCAN_PORTS: must be port numbers") for line in told)
    assert any(line.startswith("IOTSCAN_NOISE: no such setting") for line in told)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("limits.packets_per_second", "0"),
        ("limits.packets_per_second", "nan"),
        ("limits.packets_per_second", "true"),
        ("limits.connections_per_host", "1.5"),
        ("limits.conversation_bytes", "99999999999"),
        ("limits.read_timeout", "inf"),
        ("ports", "[true]"),
        ("ports", '["90-80"]'),
        ("ports", "[65536]"),
        ("ports", "[-1]"),
        ("ports", "[[1]]"),
        ("targets", "[1]"),
        ("targets", '[""]'),
        ("show_passwords", '"yes"'),
        ("record", "7"),
        ("record", '"a\\u0000b"'),
        ("sweep", "[1]"),
        ("limits", "3"),
    ],
)
def test_value_that_cannot_be_used_names_file_and_key(key: str, value: str, config: Path) -> None:
    table, dot, name = key.rpartition(".")
    config.write_text((f"[{table}]\n" if dot else "") + f"{name} = {value}\n")
    (told,) = faults(config)
    assert str(config) in told
    assert key in told


@pytest.mark.parametrize("variable", ["IOTSCAN_SHOW_PASSWORDS", "IOTSCAN_LIMITS_READ_TIMEOUT"])
def test_word_where_a_switch_or_number_belongs_is_refused(variable: str, config: Path) -> None:
    config.write_text("")
    assert faults(config, {variable: "perhaps"})[0].startswith(f"{variable}: must be ")


def test_flag_is_named_as_it_is_typed(config: Path) -> None:
    config.write_text("")
    with pytest.raises(SettingsError, match=r"^--rate: must be a number from 1 to 100000, not '0'"):
        load({"limits.packets_per_second": "0"}, config, {})


def test_a_flag_s_word_leads_to_its_setting_and_strange_ones_to_the_list(config: Path) -> None:
    config.write_text("rate = 5\nqwertyuiop = 1\n")
    rate, strange = faults(config)
    assert rate.endswith("did you mean limits.packets_per_second?")
    assert strange.endswith("docs/settings.md lists all there are")


def test_file_that_is_not_toml_says_where(config: Path) -> None:
    config.write_text("impact = \n")
    assert "line 1" in faults(config)[0]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a = " + b"[" * 100_000])
def test_file_of_junk_is_refused(content: bytes, config: Path) -> None:
    config.write_bytes(content)
    assert "is not TOML" in faults(config)[0]


def test_missing_or_unreadable_file_is_told(config: Path, tmp_path: Path) -> None:
    assert faults(config) == [f"{config}: there is no such file"]
    assert "cannot be read" in faults(tmp_path)[0]


def test_listening_entails_the_least_impact_and_all_of_the_time(tmp_path: Path) -> None:
    config = tmp_path / "mine.toml"
    config.write_text('impact = "login"\nlisten = 90\n')
    settings = load({}, config, {})
    assert (settings.impact, settings.discovery_time) == (Impact.LISTEN, 90.0)
    usual = load({"listen": "0"}, config, {})
    assert (usual.impact, usual.discovery_time) == (Impact.LOGIN, Settings().discovery_time)
