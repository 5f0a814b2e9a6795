"""Archives that are made to break what reads them."""

import io
import zipfile

IN_UTF_8 = 0x800
LOCKED = 0x1


def broken_archives(good: bytes) -> dict[str, bytes]:
    """Return an archive broken in ways that `zipfile` notices, each with another kind of exception.

    :param good: an archive with one file at least.
    """
    local, central = 0, good.index(b"PK\x01\x02")
    return {
        "a name of no letters inside": _marked(good, local + 6, IN_UTF_8, name=local + 30),
        "a name of no letters in its list": _marked(good, central + 8, IN_UTF_8, name=central + 46),
        "a lock": _marked(_marked(good, local + 6, LOCKED), central + 8, LOCKED),
        "a compression that breaks off": _with_broken_lzma(),
    }


def _marked(content: bytes, at: int, flag: int, *, name: int = 0) -> bytes:
    changed = bytearray(content)
    flags = int.from_bytes(changed[at : at + 2], "little") | flag
    changed[at : at + 2] = flags.to_bytes(2, "little")
    if name:
        changed[name] = 0xFF
    return bytes(changed)


def _with_broken_lzma() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as packed:
        packed.writestr("a.txt", b"hello" * 99)
    content = bytearray(out.getvalue())
    content[35 + 4 : 35 + 12] = b"\xff" * 8  # behind the header, its name and the properties' length
    return bytes(content)
