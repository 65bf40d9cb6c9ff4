"""Pages that say what the code does, made of what probes, discoverers and rules say of themselves.

``docs/conf.py`` writes them whenever the documents are built; they are not kept in the repository.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from iotscan.assess.rulebook.book import Rulebook
from iotscan.assess.rulebook.packs import load_rulebook
from iotscan.assess.rulebook.rules import Rule
from iotscan.model import Kind
from iotscan.plugins import discoverers, probes
from iotscan.probe_api import Opening

PROTOCOLS_HEAD = """# What is looked at, and how

Written from the code. For each protocol: where a service of it is usual (the order of trying; what
it is, only its answer decides), what is said first, what is read out of the answers, and which
findings can follow. What is never sent stands in [safety](safety.md), the limits of ports in
`iotscan/net/port_rules.yaml`.
"""


def protocols_page() -> str:
    """Every probe and every way of discovery: what is sent, what is read, what can be found."""
    book = load_rulebook()
    parts = [PROTOCOLS_HEAD, "\n# Probes\n"]
    for probe in probes():
        parts += [f"\n## {probe.name}\n\n", *_found(probe.openings), *_read(probe.emits, book)]
    parts.append("\n# Ways of discovery\n")
    for found in discoverers():
        heard = ", ".join(f"{layer} {number:#x}" if layer == "ether" else f"{layer}/{number}"
                          for layer, number in found.hears)  # fmt: skip
        parts.append(f"\n## {found.name}\n\nRead in captures from: {heard or 'nothing'}.\n")
        parts += _read(found.emits, book)
    return "".join(parts)


def _found(openings: Sequence[Opening]) -> Iterator[str]:
    if not openings:
        yield "Joins services that others found.\n"
    for opening in openings:
        ports = ", ".join(map(str, opening.ports))
        first = f"{len(opening.says)} bytes are sent" if opening.says else "the device speaks first"
        elsewhere = "; tried on unknown ports too" if opening.anywhere else ""
        elsewhere += "; only to devices that announced it" if opening.announced else ""
        inside = f"; inside TLS on {', '.join(map(str, opening.tls))}" if opening.tls else ""
        yield f"- {opening.name}: {opening.transport} {ports}; {first}{elsewhere}{inside}\n"


def _read(kinds: Sequence[Kind], book: Rulebook) -> Iterator[str]:
    if kinds:
        yield "\n| read | when | findings |\n|---|---|---|\n"
    for kind in kinds:
        rules = sorted({rule.id for rule, _ in book.about(kind.name)})
        told = " ".join(kind.doc.split()).replace("|", "\\|")
        yield f"| `{kind.name}` | {told} | {', '.join(rules) or '–'} |\n"


RULES_HEAD = """# Rules

Every rule that can become a finding, as its file under `rules/findings` says it, and as
`iotscan rules show ID` shows it. What a rule needs to see, and its examples, stand in its file.
"""


def rules_page() -> str:
    """Every rule: how bad it is and why, what it means, what to do, what it does not prove."""
    rules = load_rulebook().rules.values()
    return RULES_HEAD + "".join(map(_rule, sorted(rules, key=lambda rule: rule.id)))


def _rule(rule: Rule) -> str:
    outside = rule.severity_if_internet_reachable
    worse = f", {outside.value} if reachable from the internet" if outside != rule.severity else ""
    provisions = "; ".join(f"{name} {', '.join(at)}" for name, at in rule.crosswalk.items())
    return (
        f"\n## {rule.id}\n\n**{rule.title}** ({rule.status}, {rule.severity.value}{worse}; "
        f"principle `{rule.principle}`)\n\n{rule.plain_language}\n\n"
        f"*What to do:* {rule.remediation}\n\n*What it does not prove:* {rule.does_not_prove}\n\n"
        f"*Why so severe:* {rule.severity_rationale}\n\n*Speaks to:* {provisions}\n"
    )


PAGES: Mapping[str, Callable[[], str]] = {
    "protocols.md": protocols_page,
    "rules.md": rules_page,
}
