"""Where the records of a zip archive lie."""

import struct
import zipfile

LOCAL_HEADER = struct.Struct("<4s5H3L2H")


def data_offsets(path):
    """Name of each record and the byte at which its data starts, which only its local header tells."""
    offsets = {}
    with zipfile.ZipFile(path) as archive, open(path, "rb") as file:
        for info in archive.infolist():
            file.seek(info.header_offset)
            *_, name_length, extra_length = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
            offsets[info.filename] = info.header_offset + LOCAL_HEADER.size + name_length + extra_length
    return offsets
