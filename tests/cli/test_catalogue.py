"""``iotscan rules`` and ``iotscan principles`` on the built-in pack and on a user's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from iotscan.assess.rulebook.packs import load_rulebook

RULE = "default-credentials-telnet"


def flat(text: str) -> str:
    return " ".join(text.split())


def test_list_names_every_rule_and_the_hash(command: Callable[..., Any]) -> None:
    ran = command("rules", "list")
    book = load_rulebook()
    assert ran.code == 0
    for rule in book.rules.values():
        assert f"{rule.id} ({rule.severity.value}): {rule.title}" in flat(ran.out)
    assert book.hash in ran.out


def test_show_gives_every_word_of_a_rule(command: Callable[..., Any]) -> None:
    ran = command("rules", "show", RULE)
    rule = load_rulebook().rules[RULE]
    assert ran.code == 0
    for words in (rule.title, rule.plain_language, rule.remediation, rule.does_not_prove):
        assert flat(words) in flat(ran.out)
    assert "etsi-en-303-645: 5.1-1" in ran.out


def test_check_tries_the_examples(command: Callable[..., Any]) -> None:
    ran = command("rules", "check")
    assert ran.code == 0
    assert f"{len(load_rulebook().rules)} rules are sound" in ran.out


def test_check_tells_every_fault_with_file_and_line(command: Callable[..., Any]) -> None:
    folder = Path("mine")
    folder.mkdir()
    (folder / "a.yaml").write_text("id: a\ntitle: [\n")
    (folder / "b.yaml").write_text("id: b\nmood: good\n")
    ran = command("rules", "check", "mine")
    assert ran.code == 2
    assert "mine/a.yaml:" in ran.err
    assert "mine/b.yaml:2" in ran.err
    assert "Traceback" not in ran.err


def test_broken_rules_stop_a_replay_with_exit_2(command: Callable[..., Any]) -> None:
    Path("mine").mkdir()
    Path("mine/a.yaml").write_text("id: a\nmood: good\n")
    Path("home.jsonl").write_text("")
    ran = command("replay", "home.jsonl", "--rules", "mine")
    assert ran.code == 2
    assert "mine/a.yaml:2" in ran.err


def test_principles_list_names_all(command: Callable[..., Any]) -> None:
    ran = command("principles", "list")
    book = load_rulebook()
    assert ran.code == 0
    for name in (*book.principles, *book.frameworks):
        assert f"\n{name}: " in ran.out


def test_framework_shows_provisions_and_how_many_rules_speak_to_each(
    command: Callable[..., Any],
) -> None:
    ran = command("principles", "show", "etsi-en-303-645")
    book = load_rulebook()
    assert ran.code == 0
    for provision in book.frameworks["etsi-en-303-645"].provisions.values():
        assert f"{provision.id}: {provision.title}" in flat(ran.out)
    rules = len(book.speaking_to("etsi-en-303-645", "5.1-1"))
    assert f"({rules} rules; can be seen: active)" in flat(ran.out)
    url = book.frameworks["etsi-en-303-645"].details["url"]
    assert f"{url}\n" in ran.out


def test_provision_shows_the_rules_that_speak_to_it(command: Callable[..., Any]) -> None:
    ran = command("principles", "show", "etsi-en-303-645", "5.1-1")
    assert ran.code == 0
    assert f"{RULE} (critical, contradicts)" in ran.out
    quiet = command("principles", "show", "etsi-en-303-645", "5.0-1")
    assert "No rule speaks to it." in quiet.out


def test_principle_shows_its_rules(command: Callable[..., Any]) -> None:
    ran = command("principles", "show", "unique-credentials")
    assert ran.code == 0
    assert f"{RULE} (critical)" in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rules", "show", "default-credential-telnet"], f"did you mean {RULE}"),
        (["rules", "show", "zzz"], "`iotscan rules list` lists them"),
        (["principles", "show", "etsi"], "`iotscan principles list` lists them"),
        (["principles", "show", "etsi-en-303-645", "5.1-99"], "there is no provision '5.1-99'"),
        (["principles", "show", "unique-credentials", "5.1-1"], "there is no principle or"),
        (["rules", "list", "--rules", "no-such-folder"], "no-such-folder"),
    ],
)
def test_name_that_does_not_exist_is_exit_2_with_the_nearest(
    arguments: list[str], said: str, command: Callable[..., Any]
) -> None:
    ran = command(*arguments)
    assert ran.code == 2
    assert said in ran.err


def test_compare_sets_frameworks_side_by_side(command: Callable[..., Any]) -> None:
    ran = command("principles", "compare", "uk-psti", "etsi-en-303-645-v2")
    assert ran.code == 0
    assert "S1-2: Publish how to report security issues" in flat(ran.out)
    assert "5.2-1: Publish how outsiders can report flaws" in flat(ran.out)
    assert "(stated by the documents" in flat(ran.out)


@pytest.mark.parametrize(
    ("name", "beginning"),
    [("a.html", "<!DOCTYPE html>"), ("a.csv", "framework,provision"), ("a.txt", "Product Sec")],
)
def test_compare_writes_files(name: str, beginning: str, command: Callable[..., Any]) -> None:
    ran = command("principles", "compare", "uk-psti", "eu-cra", "--to", name)
    assert (ran.code, ran.out) == (0, "")
    assert Path(name).read_text("utf-8").startswith(beginning)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["uk-psti", "utopia"], "there is no framework 'utopia'"),
        (["uk-psti", "eu-cra", "--to", "a.pdf"], "written as .html, .csv, .txt"),
        (["uk-psti", "eu-cra", "--to", "no/such/a.csv"], "cannot be written"),
    ],
)
def test_compare_tells_what_it_cannot(
    arguments: list[str], said: str, command: Callable[..., Any]
) -> None:
    ran = command("principles", "compare", *arguments)
    assert ran.code == 2
    assert said in ran.err
