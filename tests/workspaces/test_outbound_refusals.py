"""Addresses that must not be called, from the catalogue of bad input."""

import asyncio

import pytest

from workspaces import outbound
from workspaces.addresses import is_public
from workspaces.exceptions import OutboundRefused

PRIVATE = [
    "https://127.0.0.1/",
    "https://localhost/",
    "https://localhost./",
    "https://2130706433/",
    "https://127.1/",
    "https://0/",
    "https://0.0.0.0/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[::ffff:8.8.8.8]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b::808:808]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://[::127.0.0.1]/",
    "https://169.254.169.254/latest/",
    "https://168.63.129.16/",
    "https://100.64.0.1/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://192.0.2.1/",
    "https://198.18.0.1/",
    "https://240.0.0.1/",
    "https://192.88.99.1/",
]
WORDS = {
    "http://127.0.0.1:5432": "plain_http",
    "https://user:pw@example.com/": "malformed",
    "https://user@example.com/": "malformed",
    "https://a#@b": "malformed",
    "https://a\\@b/": "malformed",
    "https://example.com/a b": "malformed",
    "https://example.com/\ta": "malformed",
    "https://example.com/\r\nX: y": "malformed",
    "https://exämple.com/": "malformed",
    "https://①②⑦.⓪.⓪.①/": "malformed",
    "https://example.com/" + "a" * 3000: "malformed",
    "https://": "malformed",
    "https://example.com:99999/": "port",
    "https://example.com:x/": "malformed",
    "": "scheme",
    "//example.com/": "scheme",
    "example.com": "scheme",
    "file:///etc/passwd": "scheme",
    "gopher://example.com/": "scheme",
    "ftp://example.com/": "scheme",
    "unix:///var/run/docker.sock": "scheme",
    "javascript:alert(1)": "scheme",
    "data:text/plain,x": "scheme",
    "http://example.com/": "plain_http",
    "https://example.com:22/": "port",
    "https://example.com:25/": "port",
    "https://example.com:6379/": "port",
    "https://example.com:5432/": "port",
    "https://nobody.invalid/": "unresolvable",
    f"https://{'a' * 70}.com/": "unresolvable",
    "https://.../": "unresolvable",
}
CATALOGUE = dict.fromkeys(PRIVATE, "private_address") | WORDS


@pytest.mark.parametrize(("address", "reason"), CATALOGUE.items(), ids=[address[:40] for address in CATALOGUE])
def test_an_address_that_leads_inside_is_refused_when_registered_and_when_called(
    address, reason, names, no_connections
):
    names["localhost"] = [["127.0.0.1"], ["127.0.0.1"]]
    with pytest.raises(OutboundRefused) as registered:
        outbound.check_url(address)
    with pytest.raises(OutboundRefused) as called:
        asyncio.run(outbound.post(address, {}, b""))
    assert registered.value.reason == called.value.reason == reason
    assert registered.value.status == 422 and str(registered.value).endswith((".", "//", "https://"))


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450::200e"])
def test_the_public_internet_is_public(address):
    assert is_public(address)


def test_one_private_address_among_public_ones_is_enough_to_refuse(names):
    names["mixed.example"] = [["93.184.215.14", "10.0.0.1"]]
    with pytest.raises(OutboundRefused, match="private"):
        outbound.check_url("https://mixed.example/")


def test_a_public_name_may_be_registered(names):
    names["hooks.example"] = [["93.184.215.14"]]
    outbound.check_url("https://hooks.example:8443/countersign")


def test_a_name_that_turned_private_since_it_was_registered_is_refused(names, no_connections):
    names["rebind.example"] = [["93.184.215.14"], ["127.0.0.1"]]
    outbound.check_url("https://rebind.example/")
    with pytest.raises(OutboundRefused, match="private"):
        asyncio.run(outbound.post("https://rebind.example/", {}, b""))
