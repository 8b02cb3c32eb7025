"""The same checkpoint in other spellings of pickle, and in other wrappings of zip."""

import io
import pickle
import pickletools
import struct
import zipfile

import torch
from situations.situation import Situation, checkpoint, saved

METADATA = {"version": 7, "note": "König", "rate": 0.25, "flag": True, "none": None, "large": 2**70, "list": [1, 2], "pair": (1, "a")}
KEPT = {**METADATA, "pair": [1, "a"]}
# JSON has text where a double does not hold an integer.
SHOWN = {**KEPT, "large": str(2**70)}
EXPECTED = {"shown": SHOWN, "kept": KEPT}


def text(value):
    return value.encode("raw_unicode_escape").replace(b"\n", b"\\u000a").replace(b"\\", b"\\u005c")


def old_text(value):
    """SHORT_BINSTRING of Python 2 where that can be, whose texts are bytes."""
    data = value.encode()
    return b"U" + bytes([len(data)]) + data if len(data) < 256 else b"T" + struct.pack("<i", len(data)) + data


# How operations are written in protocol 0, which is text.
IN_TEXT = {
    "PROTO": lambda _: b"",
    "BINUNICODE": lambda value: b"V" + text(value) + b"\n",
    "BININT": lambda value: b"I%d\n" % value,
    "BININT1": lambda value: b"I%d\n" % value,
    "BININT2": lambda value: b"I%d\n" % value,
    "LONG1": lambda value: b"L%dL\n" % value,
    "BINFLOAT": lambda value: b"F%r\n".replace(b"%r", repr(value).encode()),
    "NEWTRUE": lambda _: b"I01\n",
    "NEWFALSE": lambda _: b"I00\n",
    "BINPUT": lambda value: b"p%d\n" % value,
    "LONG_BINPUT": lambda value: b"p%d\n" % value,
    "BINGET": lambda value: b"g%d\n" % value,
    "LONG_BINGET": lambda value: b"g%d\n" % value,
    "EMPTY_DICT": lambda _: b"(d",
    "EMPTY_LIST": lambda _: b"(l",
    "EMPTY_TUPLE": lambda _: b"(t",
}
# How Python 2.7 wrote them: texts of str, integers of int.
OF_PYTHON_2 = {"BINUNICODE": old_text, "LONG1": lambda value: b"\x8a" + bytes([9]) + value.to_bytes(9, "little", signed=True)}
# Without a memo where nothing is recalled, as optimised pickles are.
LONG_FORMS = {
    "BININT1": lambda value: b"J" + struct.pack("<i", value),
    "BINPUT": lambda value: b"r" + struct.pack("<I", value),
    "BINGET": lambda value: b"j" + struct.pack("<I", value),
}


def respelled(data, spelling):
    """The same pickle, with those operations written anew that `spelling` knows."""
    operations = list(pickletools.genops(data))
    ends = [position for *_, position in operations[1:]] + [len(data)]
    return b"".join(
        spelling[code.name](argument) if code.name in spelling else data[position:end]
        for (code, argument, position), end in zip(operations, ends)
    )


def archive_of(value):
    """Entries of what torch.save writes, by the names inside the top folder."""
    buffer = io.BytesIO()
    torch.save(value, buffer)
    with zipfile.ZipFile(buffer) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


def with_spelling(spelling):
    def write(path):
        entries = archive_of(checkpoint(metadata=METADATA))
        entries["data.pkl"] = respelled(entries["data.pkl"], spelling)
        zipped(entries)(path)

    return write


def zipped(entries, method=zipfile.ZIP_STORED, folder="archive/"):
    def write(path):
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, data in (entries() if callable(entries) else entries).items():
                archive.writestr(folder + name, data)

    return write


def followed_by(tail, **arguments):
    def write(path):
        torch.save(checkpoint(), path, **arguments)
        with open(path, "ab") as file:
            file.write(tail)

    return write


def one_pickle():
    return archive_of(checkpoint(metadata=METADATA))


OLD = {"_use_new_zipfile_serialization": False}


def situations() -> list[Situation]:
    value = checkpoint(metadata=METADATA)
    return [
        *(saved(f"protocol {protocol}", value, **EXPECTED, arguments={"pickle_protocol": protocol}) for protocol in range(1, 6)),
        *(saved(f"legacy, protocol {protocol}", value, **EXPECTED, arguments={"pickle_protocol": protocol, **OLD}) for protocol in (2, 4, 5)),
        Situation("protocol 0", with_spelling(IN_TEXT), **EXPECTED),
        Situation("texts of Python 2.7", with_spelling(OF_PYTHON_2), **EXPECTED),
        Situation("long forms of operations", with_spelling(LONG_FORMS), **EXPECTED),
        Situation("deflated", zipped(one_pickle, zipfile.ZIP_DEFLATED), **EXPECTED),
        Situation("zipped anew", zipped(one_pickle, folder="another name/"), **EXPECTED),
        *(Situation(f"followed by {name}", followed_by(tail))
          for name, tail in (("a newline", b"\n"), ("a newline of Windows", b"\r\n"), ("an end of file of DOS", b"\x1a"), ("zeros", bytes(512)))),
        Situation("legacy, followed by a newline", followed_by(b"\n", **OLD)),
        saved("subclass of Pickler", value, **EXPECTED, arguments={"pickle_module": pickle}),
    ]
