"""Which internet addresses are public; everything else leads back into somebody's network."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

REFUSED_V4 = [
    IPv4Network("168.63.129.16/32"),  # a cloud's metadata and name service, on a public address
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
]
UNICAST_V6 = IPv6Network("2000::/3")  # leaves out mapped, NAT64 and local addresses
REFUSED_V6 = [
    IPv6Network("2001::/23"),  # protocol assignments, Teredo among them
    IPv6Network("2002::/16"),  # 6to4 carries an IPv4 address
]


def is_public(text: str) -> bool:
    """Whether an address is one of the public internet, and not another address in disguise."""
    address = ip_address(text)
    return address.is_global and not address.is_multicast and _is_plain(address)


def _is_plain(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in REFUSED_V4)
    return address in UNICAST_V6 and not any(address in network for network in REFUSED_V6)
