"""Nameservers: a small stub resolver for when the system's own is not to be asked.

Follows RFC 1035: one question per message over UDP, over TCP when the answer was cut. The
server is asked to follow aliases; every address it sends along is returned.
"""

import ipaddress
import secrets
import socket
import struct
import time
from dataclasses import dataclass

_A = 1
_AAAA = 28
_IN = 1
_HEADER = struct.Struct("!HHHHHH")
_QUESTION = struct.Struct("!HH")
_RECORD = struct.Struct("!HHIH")
_LENGTH = struct.Struct("!H")
_RECURSE = 0x0100
_ANSWER = 0x8000
_CUT = 0x0200
_CODE = 0x000F
_NO_SUCH_NAME = 3
_POINTER = 0xC0
_MAX_UDP_BYTES = 65_535
_TRIES = 2
_TRY_TIMEOUT_S = 2.0


class LookupFailedError(OSError):
    """No nameserver gave a usable answer, or the name has no address."""


@dataclass(frozen=True, slots=True)
class Nameserver:
    """Address and port of one DNS server."""

    host: str
    port: int = 53

    @classmethod
    def parse(cls, text: str) -> "Nameserver":
        """From `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353`."""
        if text.startswith("["):
            host, _, port = text[1:].partition("]")
            return cls(host, int(port.removeprefix(":") or 53))
        if text.count(":") == 1:
            host, _, port = text.partition(":")
            return cls(host, int(port))
        return cls(text)


def look_up(name: str, nameservers: tuple[Nameserver, ...]) -> list[str]:
    """All IPv4 and IPv6 addresses of a name, from the first nameserver that answers. Blocks.

    Both families must be answered: half an answer could hide the address that is refused.
    Raises LookupFailedError.
    """
    for nameserver in nameservers:
        for _ in range(_TRIES):
            try:
                found = [*_ask(name, _A, nameserver), *_ask(name, _AAAA, nameserver)]
            except (OSError, ValueError, IndexError, struct.error):
                continue
            if not found:
                raise LookupFailedError(f"'{name}' has no address")
            return found
    raise LookupFailedError(f"no nameserver answered for '{name}'")


def _ask(name: str, kind: int, nameserver: Nameserver) -> list[str]:
    question = _question(name, kind)
    number = secrets.randbits(16)
    message = _HEADER.pack(number, _RECURSE, 1, 0, 0, 0) + question
    answer = _over_udp(message, nameserver)
    if _HEADER.unpack_from(answer)[1] & _CUT:
        answer = _over_tcp(message, nameserver)
    return _read(answer, kind)


def _question(name: str, kind: int) -> bytes:
    labels = b"".join(bytes((len(label),)) + label.encode("ascii") for label in name.split("."))
    return labels + b"\0" + _QUESTION.pack(kind, _IN)


def _over_udp(message: bytes, nameserver: Nameserver) -> bytes:
    family = socket.AF_INET6 if ":" in nameserver.host else socket.AF_INET
    deadline = time.monotonic() + _TRY_TIMEOUT_S
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        # A connected socket takes answers from this server only.
        sock.connect((nameserver.host, nameserver.port))
        sock.send(message)
        while (left_s := deadline - time.monotonic()) > 0:
            sock.settimeout(left_s)
            answer = sock.recv(_MAX_UDP_BYTES)
            if _belongs(answer, message):
                return answer
    raise LookupFailedError("the nameserver did not answer in time")


def _over_tcp(message: bytes, nameserver: Nameserver) -> bytes:
    address = (nameserver.host, nameserver.port)
    with socket.create_connection(address, timeout=_TRY_TIMEOUT_S) as sock:
        sock.sendall(_LENGTH.pack(len(message)) + message)
        with sock.makefile("rb") as stream:
            (length,) = _LENGTH.unpack(stream.read(_LENGTH.size))
            answer = stream.read(length)
    if not _belongs(answer, message):
        raise LookupFailedError("the nameserver answered another question")
    return answer


def _belongs(answer: bytes, message: bytes) -> bool:
    """Whether the answer carries our number and repeats our question."""
    if len(answer) < len(message) or answer[:2] != message[:2]:
        return False
    asked = message[_HEADER.size :]
    return answer[_HEADER.size : len(message)].lower() == asked.lower()


def _read(answer: bytes, kind: int) -> list[str]:
    _, flags, questions, answers, _, _ = _HEADER.unpack_from(answer)
    code = flags & _CODE
    if not flags & _ANSWER or questions != 1 or code not in (0, _NO_SUCH_NAME):
        raise LookupFailedError(f"the nameserver answered with code {code}")
    place = _skip_name(answer, _HEADER.size) + _QUESTION.size
    found = []
    for _ in range(answers):
        place = _skip_name(answer, place)
        record_kind, record_class, _, length = _RECORD.unpack_from(answer, place)
        place += _RECORD.size
        if record_kind == kind and record_class == _IN:
            found.append(str(ipaddress.ip_address(answer[place : place + length])))
        place += length
    return found


def _skip_name(message: bytes, place: int) -> int:
    """The place after a name; a pointer ends it, so no loop can be built."""
    while length := message[place]:
        if length & _POINTER == _POINTER:
            return place + 2
        place += 1 + length
    return place + 1
