"""By which name somebody's points are counted who has not signed in."""

from ipaddress import IPv6Address, ip_address, ip_network


def address_caller(address: str) -> str:
    """`address:192.0.2.7`; of IPv6 the first 64 bits, since whoever has one address has all of those."""
    try:
        known = ip_address(address)
    except ValueError:
        return "address:unknown"
    if isinstance(known, IPv6Address):
        if known.ipv4_mapped:
            return f"address:{known.ipv4_mapped}"
        return f"address:{ip_network((known.packed, 64), strict=False)}"
    return f"address:{known}"
