"""What a scan is going to do, for people to agree to before it begins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_interface

from iotscan.model import Impact, Subnet
from iotscan.probe_api import Attachment
from iotscan.report.words import count
from iotscan.settings import Settings

_DOES = {
    Impact.LISTEN: "It listens to what devices announce, and talks to none of them.",
    Impact.GREET: "It asks devices to announce themselves, finds their open ports, and greets each "
    "service. It tries no login and changes nothing.",
    Impact.LOGIN: "It asks devices to announce themselves, finds their open ports, greets each "
    "service, and tries at most {tries} publicly known passwords an account. It changes nothing.",
}


def plan(
    settings: Settings,
    allow: Sequence[Subnet],
    deny: Sequence[Subnet],
    attached: Sequence[Attachment],
) -> Iterator[str]:
    """What is going to be done, for people, line by line."""
    yield "iotscan is going to scan the networks that this machine is attached to:"
    for network in allow:
        names = [attachment.name for attachment in attached if _touches(attachment, network)]
        size = (
            count(network.num_addresses, "address", "addresses")
            if network.version == 4
            else ("only devices that show themselves")
        )
        yield f"  {', '.join(names) or 'elsewhere'}: {network} ({size})"
    if deny:
        yield f"Never touched: {', '.join(map(str, deny))}"
    yield _DOES[settings.impact].format(tries=settings.limits.logins_per_account)


def _touches(attachment: Attachment, network: Subnet) -> bool:
    own = zip(attachment.addresses, attachment.prefixes, strict=True)
    return any(
        address.version == network.version
        and ip_interface(f"{str(address).partition('%')[0]}/{prefix}").network.overlaps(network)
        for address, prefix in own
    )
