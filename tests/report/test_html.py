"""The web page in a real browser: accessible, harmless, readable without script, on paper too."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from iotscan.model import Feed, Identity, Report
from iotscan.report import Options, render
from iotscan.report.words import URGENCY

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

NARROW, WIDE = 390, 1200
# Names that do something wherever they are not escaped.
ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=https://example.org/x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "<meta http-equiv=refresh content=0;url=https://example.org>",
    "<style>*{background:url(https://example.org/)}</style>",
    "<base href=https://example.org/>",
)


@dataclass
class Opened:
    """A page, and what it did of its own: requests, dialogs, complaints."""

    page: Page
    did: list[str]


Open = Callable[..., Opened]


def html(report: Report, name: str = "html", **options: Any) -> str:
    out = io.StringIO()
    render(report, name, out, Options(**options))
    return out.getvalue()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a page from a file and notes what it does: requests, dialogs, complaints."""
    contexts = []

    def opening(text: str, width: int = WIDE, scheme: str = "light", **more: Any) -> Opened:
        file = tmp_path / "report.html"
        file.write_text(text, "utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            **more,
        )
        context.set_default_timeout(300_000)  # milliseconds, for machines that are full
        contexts.append(context)
        page = context.new_page()
        did: list[str] = []

        def shown(dialog: Dialog) -> None:
            did.append("dialog")
            dialog.dismiss()

        page.on("request", lambda request: did.append(request.url))
        page.on("dialog", shown)
        page.on("console", lambda message: did.append(message.text))
        page.on("pageerror", lambda error: did.append(str(error)))
        page.goto(file.as_uri())
        assert did.pop(0) == file.as_uri()
        return Opened(page, did)

    yield opening
    for context in contexts:
        context.close()


@pytest.mark.parametrize(
    ("sample", "width", "scheme"),
    [
        ("home", WIDE, "light"),
        ("home", WIDE, "dark"),
        ("home", NARROW, "light"),
        ("home", NARROW, "dark"),
        ("accepted", WIDE, "light"),
        ("accepted", WIDE, "dark"),
        ("empty", NARROW, "light"),
        ("crowd", NARROW, "dark"),
        ("requirements", WIDE, "light"),
        ("requirements", NARROW, "dark"),
    ],
)
def test_axe_finds_no_barrier(
    sample: str, width: int, scheme: str, opened: Open, samples: ModuleType
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    if sample == "requirements":
        options = {"argument": "etsi-en-303-645", "form": "html"}
        text = html(samples.home(), "requirements", **options)
    else:
        text = html(samples.crowd(250) if sample == "crowd" else getattr(samples, sample)())
    # Only the test's own script needs the way past the policy.
    page = opened(text, width, scheme, bypass_csp=True).page
    page.evaluate("() => document.querySelectorAll('details').forEach(d => d.open = true)")
    result = Axe().run(page)
    assert [violation["id"] for violation in result.response["violations"]] == []


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("sample", ["home", "hostile", "crowd"])
def test_nothing_is_wider_than_the_screen(
    sample: str, width: int, opened: Open, samples: ModuleType
) -> None:
    reports = {
        "home": samples.home,
        "hostile": lambda: samples.hostile("A" * 10_240),
        "crowd": lambda: samples.crowd(500),
    }
    page = opened(html(reports[sample]()), width).page
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    ("text", "name"), [*((text, "html") for text in ATTACKS), (ATTACKS[2], "requirements")]
)
def test_attacks_are_shown_and_do_nothing(
    text: str, name: str, opened: Open, samples: ModuleType
) -> None:
    found = opened(html(samples.hostile(text), name, argument="uk-psti", form="html"))
    page = found.page
    page.evaluate("() => document.querySelectorAll('details').forEach(d => d.open = true)")
    page.mouse.move(300, 300)
    assert found.did == []
    assert text in page.locator("body").inner_text()
    assert page.locator("script, img, iframe, object, base, form").count() == 0


def test_the_policy_forbids_a_script_that_came_in(opened: Open, samples: ModuleType) -> None:
    """The second line, behind the escaping."""
    intruder = "<script>document.title = 'owned'</script><style>body{display:none}</style></body>"
    found = opened(html(samples.home()).replace("</body>", intruder))
    page = found.page
    assert page.title() != "owned"
    assert page.locator("h1").is_visible()
    assert len(found.did) == 2


def test_page_is_whole_without_script(opened: Open, samples: ModuleType) -> None:
    page = opened(html(samples.home()), java_script_enabled=False).page
    finding = samples.findings()[1]
    first = page.locator("article.device").first
    assert first.get_by_text(finding.detail).is_visible()
    steps = first.locator(".steps li").first
    assert steps.is_visible()
    proof = first.get_by_text("c17 turns 3, 4, 7").first
    assert not proof.is_visible()
    first.locator("summary", has_text="Technical").first.click()
    assert proof.is_visible()


def test_paper_shows_what_is_folded(opened: Open, samples: ModuleType) -> None:
    page = opened(html(samples.home())).page
    folded = page.get_by_text("c17 turns 3, 4, 7").first
    assert not folded.is_visible()
    page.emulate_media(media="print")
    assert folded.is_visible()


def test_everything_can_be_reached_by_keyboard(opened: Open, samples: ModuleType) -> None:
    page = opened(html(samples.home())).page
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.textContent") == "Skip to the devices"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.tagName") == "SUMMARY"
    before = page.evaluate("() => document.activeElement.parentElement.open")
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.parentElement.open") is not before


def test_map_has_every_device_and_leads_to_it(opened: Open, samples: ModuleType) -> None:
    for report in (samples.home(), samples.crowd(300)):
        page = opened(html(report)).page
        links = page.locator("svg.wide a")
        assert links.count() == len(report.devices)
        for link in (links.first, links.last):
            target = link.get_attribute("href")
            assert page.locator(f"{target}").count() == 1
            assert ": " in (link.get_attribute("aria-label") or "")
        assert page.locator("svg.narrow").first.is_hidden()


class Reader(HTMLParser):
    """Collects ids, links and how deep the tags nest."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids += [values["id"] or ""] if "id" in values else []
        self.links += [values["href"] or ""] if "href" in values else []
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))


@pytest.mark.parametrize("sample", ["home", "accepted", "secure", "empty", "crowd", "recorded"])
def test_links_lead_to_something_and_headings_do_not_jump(
    sample: str, samples: ModuleType, recorded: Report
) -> None:
    reports = {"crowd": lambda: samples.crowd(250), "recorded": lambda: recorded}
    reader = Reader()
    made = reports[sample] if sample in reports else getattr(samples, sample)
    reader.feed(html(made()))
    assert len(set(reader.ids)) == len(reader.ids)
    assert {link[1:] for link in reader.links} <= set(reader.ids)
    assert all(link.startswith("#") for link in reader.links)
    assert reader.headings[0] == 1
    assert all(b - a <= 1 for a, b in zip(reader.headings, reader.headings[1:], strict=False))


def test_every_finding_has_its_words_and_its_proof(samples: ModuleType) -> None:
    report = samples.home()
    page = html(report)
    for finding in report.findings:
        for words in (finding.title, finding.detail, finding.plain, finding.does_not_prove):
            assert words.replace("'", "&#39;") in page
        assert finding.rule in page
        assert finding.fingerprint in page
        assert URGENCY[finding.severity] in page
        for proof in finding.proofs:
            assert re.search(rf"\b{proof.file or proof.source}\b", page)
    assert "telnet with 192.168.1.20:23/tcp, 9 turns, finished" in page


def test_texts_of_a_rule_stand_once_where_there_are_many_findings(samples: ModuleType) -> None:
    report = samples.crowd(250)
    page = html(report)
    plain = report.findings[0].plain
    assert page.count(plain) == 1
    assert html(samples.home()).count(plain) == 2  # at each device


@pytest.mark.parametrize("devices", [6, 250])
def test_three_things_to_do_stand_before_all_else_and_lead_to_the_way(
    devices: int, samples: ModuleType
) -> None:
    page = html(samples.crowd(devices))
    assert page.index('id="first"') < page.index('id="map"') < page.index('id="devices"')
    first = page[page.index('id="first"') : page.index('id="map"')]
    assert first[: first.index("<details")].count("<li") == 3
    for anchor in re.findall(r'href="#([^"]+)"', first):
        assert page.count(f' id="{anchor}"') == 1


def test_findings_begin_with_what_they_mean_and_grades_come_last(samples: ModuleType) -> None:
    """Addresses, protocols and standards are for those who read on."""
    report = samples.home()
    page = html(report)
    device = page[page.index('id="d1"') :]
    device = device[: device.index("</article>")]
    finding = next(one for one in report.findings if one.detail in device)
    order = [finding.title, finding.plain, "What to do", "What was seen", finding.detail, "Grade "]
    assert [device.index(words) for words in order] == sorted(map(device.index, order))


def test_who_does_not_know_a_device_is_told_how_to_find_it(samples: ModuleType) -> None:
    home = samples.home()
    key = home.findings[0].device
    (device,) = (one for one in home.devices if one.key == key)
    own = tuple(one for one in home.findings if one.device == key)
    hint = "Not sure which device this is?"
    for names, told in ((("Lamp",), False), ((), True)):
        one = replace(device, names=names, identity=Identity())
        report = replace(home, devices=(one,), findings=own, gaps=(), postures=())
        assert (hint in html(report)) is told


def test_accepted_risks_are_told_and_do_not_alarm(samples: ModuleType) -> None:
    page = html(samples.accepted())
    assert page.count("Accepted by Jane Doe until 2027-01-31: It is behind a lock.") >= 4
    assert "risks accepted" in page
    assert "What matters at home (home" in page
    assert "1 finding left out by it" in page


def test_page_of_many_findings_stays_small(samples: ModuleType) -> None:
    """What makes the page of 20,000 findings open in time: few elements and bytes for each."""
    reports = [samples.crowd(number) for number in (500, 1000)]
    small, large = map(html, reports)
    assert (len(large) - len(small)) / 500 < 6_000
    finding = re.search(r'<li class="s-critical"><a href="#g.*?</li>', large)
    assert finding
    assert finding[0].count("</") <= 3


def test_lists_of_flaws_that_were_used_are_named(samples: ModuleType) -> None:
    feed = Feed("kev-2026-01", "CISA", "2026-01-31", "ab" * 32, 1200)
    page = html(replace(samples.home(), feeds=(feed,)))
    assert "kev-2026-01 of CISA, 2026-01-31" in page
    assert "ab" * 32 in page
