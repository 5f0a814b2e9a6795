"""What may go wrong with a ZIP file that somebody else wrote."""

import lzma
import struct
import zipfile
import zlib

# Whatever `zipfile` raises when an archive is damaged, locked or made to break its reader: names that are no
# UTF-8, a compression nobody knows, compressed bytes that are none, an end before the end.
BROKEN_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
)
