"""LDAP messages in a stream of bytes (RFC 4511, 5.1): each a BER SEQUENCE that says its length."""

from collections.abc import Iterator
from dataclasses import dataclass

from sansldap.asn1 import ASN1Reader

from salus.kernel.errors import InvalidInput

_SEQUENCE = 0x30
_APPLICATION = 0x40  # class of the tag of an operation
_NUMBER = 0x1F
_LARGEST = 2**31 - 1  # of a message's number (RFC 4511, 4.1.1)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One message, whole."""

    number: int
    operation: int  # number of the tag of protocolOp
    content: bytes


class Frames:
    """Cuts one stream. Holds at most ``most`` bytes. After InvalidInput the stream cannot be read any more."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = bytearray()

    @property
    def is_within(self) -> bool:
        """Whether a message has begun and not ended."""
        return bool(self._held)

    def feed(self, data: bytes) -> Iterator[Frame]:
        """The messages that these bytes end, in order. Raises InvalidInput at what is none."""
        self._held += data
        while (length := self._length()) is not None and len(self._held) >= length:
            content = bytes(self._held[:length])
            del self._held[:length]
            yield _frame(content)

    def _length(self) -> int | None:
        """Of the message that begins here, with its head; None: not known yet."""
        held = self._held
        if held and held[0] != _SEQUENCE:
            raise InvalidInput("that is no message of LDAP")
        if len(held) < 2:
            return None
        head, length = 2, held[1]
        if length >= 0x80:
            octets = length - 0x80
            if not 1 <= octets <= 4:
                raise InvalidInput("that is no length of a message")
            head += octets
            if len(held) < head:
                return None
            length = int.from_bytes(held[2:head])
        if head + length > self._most:
            raise InvalidInput("that is too long for a message")
        return head + length


def _frame(content: bytes) -> Frame:
    try:
        message = ASN1Reader(content).read_sequence()
        number = message.read_integer()
        tag = message.get_remaining_data()[:1]
    except Exception as error:  # whatever the library meets in what is no BER
        raise InvalidInput("that is no message of LDAP") from error
    if not tag or tag[0] & 0xC0 != _APPLICATION or not 0 <= number <= _LARGEST:
        raise InvalidInput("that is no message of LDAP")
    return Frame(number=number, operation=tag[0] & _NUMBER, content=content)
