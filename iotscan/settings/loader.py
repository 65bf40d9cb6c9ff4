"""Settings from a TOML file, the environment and flags, checked, in one frozen value.

Later sources win: defaults, then the file, then ``IOTSCAN_*`` variables, then flags. Every fault of
every source is collected, so that a broken file is mended in one go.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from iotscan.errors import SettingsError
from iotscan.settings import Limits, Settings
from iotscan.settings.folders import config_folder
from iotscan.settings.keys import BY_NAME, KEYS, PREFIX

CONFIG_VARIABLE = "IOTSCAN_CONFIG"
# Variables that the test suite sets for itself; they are no settings.
_TEST_PREFIX = "IOTSCAN_TEST_"
# No settings file a person writes comes near this; a device node or a video would.
_LARGEST_FILE = 1 << 20


def default_config() -> Path:
    """Where a user's settings file lies when no other is named."""
    return config_folder() / "config.toml"


def load(
    flags: Mapping[str, str | bool | list[str] | None] | None = None,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """The settings of one run. ``flags``: dotted key → text as typed, None when not given.

    ``config``: a file that must exist; without one, ``IOTSCAN_CONFIG`` or the default file if there
    is one. Raises SettingsError with every fault found, one a line.
    """
    environ = os.environ if environ is None else environ
    faults: list[str] = []
    values: dict[str, Any] = {}
    for origin, name, raw, is_text in _given(flags or {}, config, environ, faults):
        key = BY_NAME[name]
        try:
            values[name] = key.form.read(key.form.from_text(str(raw)) if is_text else raw)
        except ValueError:
            told = "what stands there" if key.secret else _shown(raw)
            faults.append(f"{origin}: must be {key.form.allowed}, not {told}")
    if faults:
        raise SettingsError("\n".join(dict.fromkeys(faults)))
    limits = {name[7:]: value for name, value in values.items() if name.startswith("limits.")}
    rest = {name: value for name, value in values.items() if not name.startswith("limits.")}
    return replace(Settings(), **rest, limits=replace(Limits(), **limits)).settled()


def _given(
    flags: Mapping[str, Any], config: Path | None, environ: Mapping[str, str], faults: list[str]
) -> Iterator[tuple[str, str, object, bool]]:
    """(where it stands, key, value, whether it is text to be parsed), weakest source first."""
    path = config or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    for name, value in _from_file(path or default_config(), path is not None, faults):
        yield f"{path or default_config()}: {name}", name, value, False
    by_variable = {key.variable: key.name for key in KEYS}
    for variable in sorted(name for name in environ if name.startswith(PREFIX)):
        if variable in by_variable and environ[variable]:
            yield variable, by_variable[variable], environ[variable], True
        elif variable not in (*by_variable, CONFIG_VARIABLE) and not variable.startswith(
            _TEST_PREFIX
        ):
            faults.append(f"{variable}: no such setting{_nearest(variable, by_variable)}")
    for name, value in flags.items():
        if value is not None:
            yield BY_NAME[name].flag or name, name, value, isinstance(value, str)


def _from_file(path: Path, must_exist: bool, faults: list[str]) -> Iterator[tuple[str, object]]:
    try:
        with path.open("rb") as file:
            tree = tomllib.loads(file.read(_LARGEST_FILE).decode())
    except FileNotFoundError:
        if must_exist:
            faults.append(f"{path}: there is no such file")
        return
    except OSError as error:
        faults.append(f"{path}: cannot be read ({error.strerror})")
        return
    except UnicodeDecodeError:
        faults.append(f"{path}: is not TOML: it is no text in UTF-8")
        return
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        faults.append(f"{path}: is not TOML: {error}")
        return
    for name, value in _flattened(tree):
        if name in BY_NAME:
            yield name, value
        else:
            faults.append(f"{path}: {_shown(name)}: no such setting{_nearest(name, BY_NAME)}")


def _flattened(tree: dict[str, Any]) -> Iterator[tuple[str, object]]:
    for name, value in tree.items():
        if name == "limits" and isinstance(value, dict):
            yield from ((f"limits.{inner}", item) for inner, item in value.items())
        else:
            yield name, value


def _nearest(name: str, names: Iterable[str]) -> str:
    flags = [key.name for key in KEYS if key.flag == f"--{name}"]
    near = flags or difflib.get_close_matches(name, list(names), 1)
    return f"; did you mean {near[0]}?" if near else "; docs/settings.md lists all there are"


def _shown(raw: object) -> str:
    text = repr(raw)
    return text if len(text) <= 80 else text[:79] + "…"
