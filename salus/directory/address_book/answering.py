"""From a request to its answer (RFC 4511, 4); nothing is kept from one to the next.

Whoever binds with a name or a password is refused: nobody needs one, and none should travel here.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import sansldap
from django.db import close_old_connections
from sansldap import LDAPResultCode as Code
from sansldap import SearchScope as Scope
from sansldap.asn1 import ASN1Tag, ASN1Writer, TagClass

from salus.directory.address_book import reading, tree
from salus.directory.address_book.filters import Filter, matches, read
from salus.directory.address_book.framing import Frame
from salus.directory.address_book.reading import Entry, Position, TookTooLong
from salus.directory.address_book.tree import Attributes, Branch, Place
from salus.kernel.errors import InvalidInput

logger = logging.getLogger(__name__)

MOST = 100  # entries of an answer that is not paged
PAGE = 500  # entries of a page
SECONDS = 5.0  # that a search may take
# Numbers of the tags of operations.
_UNBIND, _ABANDON = 2, 16
_SEARCH = 3
_READ = frozenset({0, _SEARCH, 23})  # bind, search, extended
_BOUND, _ENTRY, _DONE, _EXTENDED = 1, 4, 5, 24
_WRITTEN = {6: 7, 8: 9, 10: 11, 12: 13, 14: 15}  # by request, the tag of its response
_DISCONNECTION = "1.3.6.1.4.1.1466.20036"  # RFC 4511, 4.4.1
_BRANCHES = tuple(Branch)


@dataclass(frozen=True, kw_only=True)
class Answer:
    content: bytes = b""
    is_last: bool = False  # the connection is to be closed


@dataclass(frozen=True, kw_only=True)
class _Result:
    code: Code = Code.SUCCESS
    message: str = ""
    entries: Sequence[Entry] = ()
    cookie: bytes | None = None  # of an answer that is paged


def answer(frame: Frame) -> Answer:
    """Never raises. Called in a thread, whose database connection it gives back."""
    if frame.operation == _UNBIND:
        return Answer(is_last=True)
    if frame.operation == _ABANDON:
        return Answer()  # what came before is answered already, and this has no answer
    if frame.operation in _WRITTEN:
        response, text = _WRITTEN[frame.operation], "this is to search in alone"
        return Answer(content=_result(frame.number, response, Code.UNWILLING_TO_PERFORM, text))
    if frame.operation not in _READ:
        return disconnected("there is no such operation")
    close_old_connections()
    try:
        for request in sansldap.LDAPServer().receive(frame.content):
            return Answer(content=_answered(request))
        return disconnected("the message is cut off within")
    except (sansldap.LDAPError, InvalidInput, ValueError, RecursionError):
        return disconnected("that is no message of LDAP")
    except Exception:  # an error of ours: the log says where, and nothing of what was asked
        logger.exception("a request of LDAP was not answered")
        return disconnected("not possible just now", Code.UNAVAILABLE)
    finally:
        close_old_connections()


def is_search(frame: Frame) -> bool:
    return frame.operation == _SEARCH


def busy(frame: Frame) -> Answer:
    """To a search of whom asks too much (RFC 4511, A.2: it may be tried again later)."""
    text = "too many searches: wait some seconds; the whole directory is to be had as files"
    return Answer(content=_result(frame.number, _DONE, Code.BUSY, text))


def disconnected(text: str, code: Code = Code.PROTOCOL_ERROR) -> Answer:
    """The notice before a connection is closed."""
    return Answer(content=_result(0, _EXTENDED, code, text, name=_DISCONNECTION), is_last=True)


def _answered(request: sansldap.LDAPMessage) -> bytes:
    match request:
        case sansldap.BindRequest():
            code, message = _bound(request)
            return _result(request.message_id, _BOUND, code, message)
        case sansldap.SearchRequest():
            return _found(request)
        case _:  # extended: Start TLS (RFC 4511, 4.14.2) and others
            text = "there is no such operation; TLS is spoken from the start, or not at all"
            return _result(request.message_id, _EXTENDED, Code.PROTOCOL_ERROR, text)


def _found(request: sansldap.SearchRequest) -> bytes:
    try:
        result = _searched(request)
    except TookTooLong as error:
        result = _Result(code=Code.TIME_LIMIT_EXCEEDED, message=str(error))
    except InvalidInput as error:
        result = _Result(code=Code.UNWILLING_TO_PERFORM, message=str(error))
    content = bytearray()
    for name, attributes in result.entries:
        chosen = _chosen(attributes, request.attributes)
        content += _entry(request.message_id, name, chosen, typed=not request.types_only)
    return bytes(content) + _result(
        request.message_id, _DONE, result.code, result.message, cookie=result.cookie
    )


def _bound(request: sansldap.BindRequest) -> tuple[Code, str]:
    if request.version != 3:
        return Code.PROTOCOL_ERROR, "LDAP version 3 is spoken here"
    if not isinstance(request.authentication, sansldap.SimpleCredential):
        return Code.AUTH_METHOD_NOT_SUPPORTED, "nobody signs in here: search without"
    if request.name or request.authentication.password:
        return Code.INVALID_CREDENTIALS, "nobody signs in here: search without a name and password"
    return Code.SUCCESS, ""


def _searched(request: sansldap.SearchRequest) -> _Result:
    pages = [c for c in request.controls if isinstance(c, sansldap.PagedResultControl)]
    if any(control.critical for control in request.controls if control not in pages):
        text = "there is no such control"
        return _Result(code=Code.UNAVAILABLE_CRITICAL_EXTENSION, message=text)
    place = tree.place_of(request.base_object)
    if place is None:
        return _Result(code=Code.NO_SUCH_OBJECT)
    asked = read(request.filter)
    if request.scope is Scope.BASE or place.number is not None:
        entry = _standing_at(place)
        if entry is None:
            return _Result(code=Code.NO_SUCH_OBJECT)
        is_meant = request.scope is not Scope.ONE_LEVEL and _means(asked, entry)
        return _Result(entries=[entry] if is_meant else [])
    return _below(place, asked, request, pages[0] if pages else None)


def _below(
    place: Place,
    asked: Filter,
    request: sansldap.SearchRequest,
    paged: sansldap.PagedResultControl | None,
) -> _Result:
    first = paged is None or not paged.cookie
    after = None if paged is None or not paged.cookie else Position.of(paged.cookie)
    above = [entry for entry in _above(place, request.scope) if first and _means(asked, entry)]
    if place.branch is None and request.scope is Scope.ONE_LEVEL:
        return _Result(entries=above, cookie=None if paged is None else b"")
    branches = (place.branch,) if place.branch else _BRANCHES
    if after and after.branch not in branches:
        raise InvalidInput("that cookie is of another search")
    size = _size(request, paged)
    seconds = min(request.time_limit or SECONDS, SECONDS)
    found, last = reading.find(
        asked, branches, after=after, size=max(size - len(above), 1), seconds=seconds
    )
    every = [*above, *found]
    entries = every[:size]
    if paged is not None:
        return _Result(entries=entries, cookie=last.cookie() if last else b"")
    if last or len(every) > size:
        text = f"there are more: ask for less, or by pages; {size} are shown"
        return _Result(entries=entries, code=Code.SIZE_LIMIT_EXCEEDED, message=text)
    return _Result(entries=entries)


def _size(request: sansldap.SearchRequest, paged: sansldap.PagedResultControl | None) -> int:
    if paged is not None:
        return min(max(paged.size, len(_BRANCHES) + 2), PAGE)  # room for what stands above
    return min(request.size_limit, MOST) if request.size_limit > 0 else MOST


def _standing_at(place: Place) -> Entry | None:
    if place.is_root:
        return "", tree.ROOT
    if place.branch is None:
        return tree.SUFFIX, tree.TOP
    if place.number is None:
        return place.branch.name_in_full, tree.branch_entry(place.branch)
    return reading.one(place.branch, place.number)


def _above(place: Place, scope: Scope) -> Iterator[Entry]:
    """What a search below the place finds that is nobody's entry."""
    is_whole = scope is Scope.SUBTREE
    if place.is_root or (place.branch is None and is_whole):
        yield tree.SUFFIX, tree.TOP
    if place.branch is None and (is_whole or not place.is_root):
        for branch in _BRANCHES:
            yield branch.name_in_full, tree.branch_entry(branch)
    if place.branch is not None and is_whole:
        yield place.branch.name_in_full, tree.branch_entry(place.branch)


def _means(asked: Filter, entry: Entry) -> bool:
    values = {name.casefold(): found for name, found in entry[1].items()}
    return matches(asked, values) is True


def _chosen(attributes: Attributes, names: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """RFC 4511, 4.5.1.8: none named or "*" is all; "1.1", and what is not there, is none."""
    wanted = {name.casefold() for name in names}
    for name, values in attributes.items():
        if not wanted or "*" in wanted or name.casefold() in wanted:
            yield name, values


def _entry(
    number: int, name: str, attributes: Iterable[tuple[str, Sequence[str]]], *, typed: bool
) -> bytes:
    """A SearchResultEntry (RFC 4511, 4.5.2); without ``typed``, the names of attributes alone."""
    writer = ASN1Writer()
    with writer.push_sequence() as message:
        message.write_integer(number)
        with message.push_sequence(ASN1Tag(TagClass.APPLICATION, _ENTRY, True)) as entry:
            entry.write_octet_string(name.encode())
            with entry.push_sequence_of() as all_of_them:
                for attribute, values in attributes:
                    with all_of_them.push_sequence() as one:
                        one.write_octet_string(attribute.encode())
                        with one.push_set_of() as given:
                            for value in values if typed else ():
                                given.write_octet_string(value.encode())
    return bytes(writer.get_data())


def _result(
    number: int,
    operation: int,
    code: Code,
    text: str,
    *,
    name: str = "",
    cookie: bytes | None = None,
) -> bytes:
    """An LDAPResult (RFC 4511, 4.1.9): with the ``name`` of an extended response, the ``cookie`` of a page.

    The library's own has an empty list of referrals, which the standard does not permit.
    """
    writer = ASN1Writer()
    with writer.push_sequence() as message:
        message.write_integer(number)
        with message.push_sequence(ASN1Tag(TagClass.APPLICATION, operation, True)) as result:
            result.write_enumerated(code)
            result.write_octet_string(b"")
            result.write_octet_string(text.encode())
            if name:
                tag = ASN1Tag(TagClass.CONTEXT_SPECIFIC, 10, False)
                result.write_octet_string(name.encode(), tag=tag)
        if cookie is not None:
            with (
                message.push_sequence(ASN1Tag(TagClass.CONTEXT_SPECIFIC, 0, True)) as controls,
                controls.push_sequence() as control,
            ):
                control.write_octet_string(sansldap.PagedResultControl.control_type.encode())
                control.write_octet_string(_page(cookie))
    return bytes(writer.get_data())


def _page(cookie: bytes) -> bytes:
    """realSearchControlValue (RFC 2696, 2); how many there are in all is not counted."""
    writer = ASN1Writer()
    with writer.push_sequence() as value:
        value.write_integer(0)
        value.write_octet_string(cookie)
    return bytes(writer.get_data())
