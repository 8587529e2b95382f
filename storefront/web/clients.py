"""Who a client is where requests are counted: an IPv4 address, or an IPv6 network of the kind a household gets."""

from ipaddress import IPv6Address, ip_address, ip_network

HOUSEHOLD = 64  # bits: the smallest network that is given to anybody (RFC 6177), with 2^64 addresses of its own


def client_of(address: str) -> str:
    """Return the same text for all addresses of one client; what is no address stays as it is."""
    if ":" not in address:
        return address
    try:
        ip = ip_address(_bare(address))
    except ValueError:  # a socket of the web server's own machine
        return address
    if not isinstance(ip, IPv6Address):
        return str(ip)
    return str(ip.ipv4_mapped or ip_network((ip, HOUSEHOLD), strict=False))


def _bare(address: str) -> str:
    """Leave out the port that some proxies add (it differs with each connection), and the name of an interface."""
    if address.startswith("["):
        address = address[1:].partition("]")[0]
    elif address.count(":") == 1:
        address = address.partition(":")[0]
    return address.partition("%")[0]
