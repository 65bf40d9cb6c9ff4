from __future__ import annotations

import pytest

from iotscan.protocols.telnet.banner import looks_like_honeypot, read_banner, telling


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        (
            "MikroTik v6.45.9 (stable)\nLogin: ",
            {"vendor": "MikroTik", "product": "RouterOS", "firmware": "6.45.9"},
        ),
        (
            "BusyBox v1.19.2 (2014-03-11 12:10:35 CST) built-in shell\n",
            {"busybox": "1.19.2"},
        ),
        (
            "Kernel 2.6.30.9 on an rlx\nhome login: ",
            {"kernel": "2.6.30.9", "machine": "rlx", "host": "home"},
        ),
        ("RT-AC68U login: ", {"vendor": "ASUS", "model": "RT-AC68U", "host": "RT-AC68U"}),
        ("DCS-932L login: ", {"vendor": "D-Link", "model": "DCS-932L", "host": "DCS-932L"}),
        ("LocalHost login: ", {"vendor": "Xiongmai", "host": "LocalHost"}),
        ("dvrdvs login: ", {"vendor": "Hikvision", "host": "dvrdvs"}),
        ("Welcome to Visiting Huawei Home Gateway\n", {"vendor": "Huawei"}),
        (
            "Ubuntu 17.10\nosboxes login: ",
            {"product": "Ubuntu", "firmware": "17.10", "host": "osboxes"},
        ),
        (
            "Model: AX-200  Firmware Version: 2.1.7\nS/N: AB12CD34EF\n00:11:22:aa:bb:cc\nlogin: ",
            {
                "model": "AX-200",
                "firmware": "2.1.7",
                "serial": "AB12CD34EF",
                "mac": "00:11:22:aa:bb:cc",
            },
        ),
        ("Please login: ", {}),
        ("Welcome\nUsername: ", {}),
        ("", {}),
    ],
)
def test_a_banner_states_facts_and_nothing_is_guessed(text: str, facts: dict[str, str]) -> None:
    assert read_banner(text) == facts


def test_what_helps_an_attacker_is_told_apart_from_a_makers_name() -> None:
    facts = read_banner("Cisco\nFirmware Version: 1.2\nS/N: AB12CD34EF\n")
    assert telling(facts) == ("firmware", "serial")
    assert telling(read_banner("NETGEAR\nlogin: ")) == ()


def test_the_prompt_of_a_honeypot_out_of_the_box_is_known() -> None:
    assert looks_like_honeypot("iot42scan\nroot@svr04:~# ")
    assert not looks_like_honeypot("root@camera:~# ")
