"""Policies: what is reported and how much it weighs, and that nothing is lost or made untrue."""

from __future__ import annotations

from pathlib import Path

import pytest
from paper import Door, Thing, report

from iotscan.assess.findings import judge
from iotscan.assess.pipeline import assess
from iotscan.assess.rulebook.book import Rulebook
from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.assess.rulebook.policies import load_policy, policies, under
from iotscan.capture import recording
from iotscan.errors import RulePackError, UsageError
from iotscan.model import Recording, Relation, Severity

HEAD = "id: mine\ntitle: Mine\nabout: For a test.\n"


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return load_rulebook()


def policy(text: str, folder: Path, book: Rulebook) -> Rulebook:
    file = folder / "mine.yaml"
    file.write_text(HEAD + text, "utf-8")
    return under(book, load_policy(str(file), book))


def test_there_are_the_five_that_are_documented() -> None:
    assert policies() == ("cra-annex-i", "etsi-baseline", "home", "office", "uk-psti")


@pytest.mark.parametrize("name", ["cra-annex-i", "etsi-baseline", "home", "office", "uk-psti"])
def test_built_in_policy_is_sound_and_takes_something(name: str, book: Rulebook) -> None:
    found = load_policy(name, book)
    assert found.id == name
    ruled = under(book, found)
    assert ruled.reported
    for rule, severity in found.severity.items():
        assert ruled.reports(rule), f"{rule} is weighed but not reported"
        assert severity is not book.rules[rule].severity, f"{rule} weighs {severity.value} anyway"


def test_home_and_office_leave_nothing_out(book: Rulebook) -> None:
    for name in ("home", "office"):
        assert under(book, load_policy(name, book)).reported == frozenset(book.rules)


def test_law_takes_only_what_speaks_against_it(book: Rulebook) -> None:
    taken = under(book, load_policy("etsi-baseline", book))
    for rule in taken.reported or ():
        names = book.rules[rule].crosswalk.get("etsi-en-303-645", ())
        names += book.rules[rule].crosswalk_if_internet_reachable.get("etsi-en-303-645", ())
        levels = {str(p.level)[0] for n in names if (p := book.provision("etsi-en-303-645", n))}
        assert "M" in levels
        assert book.rules[rule].relation >= Relation.SUGGESTS
    assert len(taken.reported or ()) < len(book.rules)


def test_psti_takes_passwords_alone(book: Rulebook) -> None:
    taken = under(book, load_policy("uk-psti", book)).reported or frozenset()
    assert "default-credentials-telnet" in taken
    assert "telnet-exposed" not in taken


def test_rules_are_added_left_out_and_weighed(tmp_path: Path, book: Rulebook) -> None:
    ruled = policy(
        "speaks_to: [uk-psti]\nalso: [telnet-exposed]\nwithout: [empty-password-accepted]\n"
        "severity: {telnet-exposed: low}\nmeasures: [uk-psti]\n",
        tmp_path,
        book,
    )
    assert ruled.reports("telnet-exposed")
    assert not ruled.reports("empty-password-accepted")
    assert ruled.rules["telnet-exposed"].severity is Severity.LOW
    exposed = book.rules["telnet-exposed"].severity_if_internet_reachable
    assert ruled.rules["telnet-exposed"].severity_if_internet_reachable is exposed
    assert "the rule itself says high" in ruled.rules["telnet-exposed"].severity_rationale
    (_, case), *_ = ruled.about("telnet.service")
    assert case.about == "telnet.service"
    assert ruled.hash == book.hash
    assert book.rules["telnet-exposed"].severity is Severity.HIGH


def test_hash_is_that_of_the_content(tmp_path: Path, book: Rulebook) -> None:
    one = policy("severity: {telnet-exposed: low}", tmp_path, book).policy
    same = policy("# words\nseverity:\n  telnet-exposed: low", tmp_path, book).policy
    other = policy("severity: {telnet-exposed: info}", tmp_path, book).policy
    assert one == same
    assert one != other


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("also: [no-such-rule]", "also: there is no no-such-rule"),
        ("without: [no-such-rule]", "without: there is no no-such-rule"),
        ("severity: {no-such-rule: low}", "severity: there is no no-such-rule"),
        ("severity: {telnet-exposed: grave}", "telnet-exposed is one of info, low"),
        ("speaks_to: [no-law]", "speaks_to: there is no no-law"),
        ("measures: [no-law]", "measures: there is no no-law"),
        ("least: perhaps", "least is one of"),
        ("mood: good", "mood is not known"),
    ],
)
def test_policy_with_a_fault_is_refused(
    text: str, said: str, tmp_path: Path, book: Rulebook
) -> None:
    with pytest.raises(RulePackError, match=said):
        policy(text, tmp_path, book)


@pytest.mark.parametrize("name", ["no-such", "", "../home", "no/such.yaml"])
def test_policy_that_is_not_there_is_told(name: str, book: Rulebook) -> None:
    with pytest.raises(UsageError, match=r"no policy|cannot be read"):
        load_policy(name, book)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """A recording of a telnet server that lets anybody in, without any network."""
    import asyncio

    from iotscan.api import scan
    from iotscan.demo.home import VirtualHome
    from iotscan.settings import Settings

    file = tmp_path_factory.mktemp("home") / "home.jsonl"

    async def look() -> None:
        async with VirtualHome() as house:
            await scan(Settings(targets=(str(house.network),), record=str(file)))

    asyncio.run(look())
    return recording.load(file)


def test_report_under_a_policy_names_it_and_loses_nothing(
    home: Recording, tmp_path: Path, book: Rulebook
) -> None:
    plain = assess(home, book)
    ruled = policy(
        "speaks_to: [uk-psti]\nseverity: {default-credentials-telnet: medium}\n"
        "measures: [etsi-en-303-645]\n",
        tmp_path,
        book,
    )
    found = assess(home, ruled)
    assert found.policy == ruled.policy
    assert plain.policy is None
    assert found.outside
    assert all(ruled.reports(finding.rule) for finding in found.findings)
    assert not any(ruled.reports(finding.rule) for finding in found.outside)
    told = {f.fingerprint for f in (*found.findings, *found.outside)}
    assert told >= {f.fingerprint for f in plain.findings}
    severities = {f.severity for f in found.findings if f.rule == "default-credentials-telnet"}
    assert severities == {Severity.MEDIUM}
    assert {posture.framework for posture in found.postures} == {"etsi-en-303-645"}
    standings = {
        (p.device, v.provision): v.standing for p in plain.postures for v in p.verdicts
        if p.framework == "etsi-en-303-645"
    }  # fmt: skip
    for posture in found.postures:
        for verdict in posture.verdicts:
            assert standings[posture.device, verdict.provision] is verdict.standing
            assert told >= set(verdict.findings)


def test_finding_covered_only_by_one_that_is_left_out_is_reported(
    tmp_path: Path, book: Rulebook
) -> None:
    strong, weak = "basic-auth-over-cleartext", "http-login-without-tls"
    assert weak in book.rules[strong].covers
    cases = [book.rules[name].cases[0] for name in (strong, weak)]
    doors = tuple(Door(80, "http", case.about, case.examples.hit[0]) for case in cases)
    scan = report(Thing("192.0.2.7", doors=doors))

    def told(ruled: Rulebook) -> set[str]:
        return {finding.rule for finding in judge(scan.observations, scan.devices, ruled)}

    assert {strong, weak} & told(book) == {strong}
    assert {strong, weak} <= told(policy(f"without: [{strong}]", tmp_path, book))
