"""Which hosts and addresses may be asked: the operator's list, and the judgement of an address.

An operator lists the hosts (`Options.allowed_hosts`); nothing else is asked. One entry is

    staging.example.org             this name on ports 80 and 443
    staging.example.org:8443        this name on that port
    internal.example:8080+private   this name, also when it leads to a private or loopback address
    127.0.0.1:8001                  this address itself, though it is private; [::1]:8001 for IPv6

Link-local addresses (cloud metadata), multicast, unspecified and translated IPv4 (NAT64, 6to4) are refused
whatever the list says.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

from readiness.engine.errors import NotAllowed

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9])?")
_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "100.100.100.200/32", "168.63.129.16/32",  # metadata services at addresses that look ordinary
        "::/128", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2002::/16",
        "fe80::/10", "fec0::/10", "ff00::/8", "fd00:ec2::254/128",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Allowed:
    """One entry of the operator's list. `port` None: 80 and 443."""

    host: str
    port: int | None
    private: bool

    def covers(self, host: str, port: int) -> bool:
        """Whether this entry allows asking that host on that port."""
        return host == self.host and (port in (80, 443) if self.port is None else port == self.port)


def parse_entry(entry: str) -> Allowed:
    """An entry of the list as the module's docstring shows. Raises ValueError for anything else."""
    name, plus, private = entry.strip().lower().partition("+")
    if plus and private != "private":
        raise ValueError(f"{entry!r}: after the plus sign only `private` may stand")
    try:
        url = httpx.URL(f"http://{name}")
        port = url.port or (80 if name.endswith(":80") else None)
    except (httpx.InvalidURL, ValueError):
        raise ValueError(f"{entry!r} is not a host or host:port") from None
    host = host_of(url)
    plain = url.path == "/" and not (url.userinfo or url.query or url.fragment)
    if not plain or not (literal(host) or _NAME.fullmatch(host)) or not 0 < (port or 80) < 1 << 16:
        raise ValueError(f"{entry!r} is not a host or host:port")
    return Allowed(host, port, bool(plus) or literal(host) is not None)


def judge_address(text: str, *, private: bool) -> str | None:
    """Why an address may not be connected to, as the end of a sentence; None when it may."""
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    compatible = address.version == 6 and 1 < int(address) < 1 << 32  # ::a.b.c.d
    if compatible or any(address.version == net.version and address in net for net in _NEVER):
        return "which is never asked (link-local, multicast, translated or reserved)"
    # `is_global` alone counts some special ranges as global in older Pythons; those stand above
    if private or (address.is_global and not address.is_multicast):
        return None
    return "which is not a public address"


def find_entry(entries: Sequence[Allowed], host: str, port: int) -> Allowed:
    """The entry that covers a host and port. Raises NotAllowed."""
    matching = [entry for entry in entries if entry.covers(host, port)]
    if not matching:
        shown = f"[{host}]" if ":" in host else host
        raise NotAllowed(
            f"{shown}:{port} is not on the list of hosts that may be asked; nothing was sent.",
            f"The operator can allow it: {shown}:{port}, with --allow-host or in READINESS_PROBE_HOSTS.",
        )
    return max(matching, key=lambda entry: entry.private)


def host_of(url: httpx.URL) -> str:
    """The host of an address as it is compared: ASCII, lower case, no dot at the end."""
    return plain_name(url.raw_host.decode("ascii"))


def plain_name(host: str) -> str:
    """A host name as it is compared."""
    return host.lower().rstrip(".")


def literal(host: str) -> Address | None:
    """The address when the host is written as one, else None."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
