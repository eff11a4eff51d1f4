"""Which character set a file from outside is written in."""

import codecs
from typing import BinaryIO

_CHUNK = 1 << 20


def charset_of(file: BinaryIO) -> str:
    """UTF-8 where the whole file is, marked or not; UTF-16 by its mark; else Windows-1252, as old systems write.

    Returns Python's name of it; the file is at its start again.
    """
    file.seek(0)
    chunk = file.read(_CHUNK)
    if chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        file.seek(0)
        return "utf-16"
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk:
            decoder.decode(chunk)
            chunk = file.read(_CHUNK)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    finally:
        file.seek(0)
    return "utf-8-sig"
