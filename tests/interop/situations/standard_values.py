"""Values of Python's standard library that training programs keep in metadata, and what is shown of them."""

import argparse
import array
import collections
import datetime
import decimal
import fractions
import io
import ipaddress
import itertools
import logging
import operator
import pathlib
import random
import re
import time
import types
import urllib.parse
import uuid
import zoneinfo

from situations.situation import Situation, checkpoint, saved

UTC = datetime.timezone.utc
WHEN = datetime.datetime(2025, 10, 6, 23, 56, 50)
CEST = datetime.timezone(datetime.timedelta(hours=2))

# Name, value, what JSON shows of it.
VALUES = [
    ("datetime", WHEN, "2025-10-06T23:56:50"),
    ("datetime with microseconds", WHEN.replace(microsecond=1200), "2025-10-06T23:56:50.001200"),
    ("datetime in UTC", WHEN.replace(tzinfo=UTC), "2025-10-06T23:56:50+00:00"),
    ("datetime with an offset", WHEN.replace(tzinfo=CEST), "2025-10-06T23:56:50+02:00"),
    ("date", WHEN.date(), "2025-10-06"),
    ("time", WHEN.time(), "23:56:50"),
    ("path", pathlib.PurePosixPath("/data/games"), "/data/games"),
    ("relative path", pathlib.Path("games/2025.pgn"), "games/2025.pgn"),
    ("path of Windows", pathlib.PureWindowsPath("C:\\games\\a.pgn"), "C:\\games\\a.pgn"),
    ("UUID", uuid.UUID(int=5), "00000000-0000-0000-0000-000000000005"),
    ("decimal", decimal.Decimal("0.001"), "0.001"),
    ("fraction", fractions.Fraction(1, 3), "1/3"),
    ("namespace", argparse.Namespace(lr=0.5, games=10), {"lr": 0.5, "games": 10}),
    ("simple namespace", types.SimpleNamespace(a=1, b=types.SimpleNamespace(c=2)), {"a": 1, "b": {"c": 2}}),
    ("defaultdict", collections.defaultdict(float, loss=1.5), {"loss": 1.5}),
    ("defaultdict of lists", collections.defaultdict(list, loss=[1, 2]), {"loss": [1, 2]}),
    ("Counter", collections.Counter("aab"), {"a": 2, "b": 1}),
    ("OrderedDict", collections.OrderedDict([("b", 1), ("a", 2)]), {"b": 1, "a": 2}),
    ("deque", collections.deque([1, 2, 3]), [1, 2, 3]),
    ("bounded deque", collections.deque([1, 2, 3], maxlen=2), [2, 3]),
    ("UserDict", collections.UserDict(a=1), {"a": 1}),
    ("UserList", collections.UserList([1, 2]), [1, 2]),
    ("set", {3}, [3]),
    ("frozenset", frozenset([1]), [1]),
    ("range", range(2, 10, 3), [2, 5, 8]),
    ("tuple", (1, "a", None), [1, "a", None]),
]

# Integers that a double does not hold are text in JSON, and themselves in an export.
INTEGERS = [2**63 + 1, -(2**100), 2**53 + 1]

# Name and value of what needs only to be read: what is shown of it is free, nothing must be lost silently.
READ = [
    ("timedelta", datetime.timedelta(hours=1, seconds=2)),
    ("timezone", CEST),
    ("datetime in a zone", WHEN.replace(tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))),
    ("chain map", collections.ChainMap({"a": 1}, {"b": 2})),
    ("user string", collections.UserString("text")),
    ("slice", slice(1, 5, 2)),
    ("complex", complex(1, 2)),
    ("bytes", b"abc\xff"),
    ("bytearray", bytearray(b"abc")),
    ("pattern", re.compile("a+", re.IGNORECASE)),
    ("address", ipaddress.ip_address("10.0.0.1")),
    ("parsed address", urllib.parse.urlparse("s3://bucket/key")),
    ("array", array.array("d", [1.0, 2.0])),
    ("struct_time", time.gmtime(0)),
    ("random state", random.Random(1).getstate()),
    ("random generator", random.Random(1)),
    ("counter of itertools", itertools.count(3)),
    ("logger", logging.getLogger("trainer")),
    ("item getter", operator.itemgetter(1)),
    ("stream", io.BytesIO(b"abc")),
    ("exception", ValueError("no progress")),
    ("types", [int, float, str, list, dict, type(None)]),
    ("ellipsis", [Ellipsis, NotImplemented]),
    ("generic alias", dict[str, int]),
    ("built-in function", max),
    ("not a number", [float("nan"), float("inf")]),
    ("keys of several types", {1: "a", "1": "b", 2.5: "c", None: "d", (1, 2): "e", True: "f"}),
    ("key of JavaScript", {"__proto__": {"polluted": 1}, "constructor": 2}),
    ("surrogate", "partie_\udce9.pgn"),
    ("surrogate as key", {"partie_\udce9": 1}),
    ("controls", "a\x00\x1b[31mred\u202e\u2028"),
    ("long text", "x" * 100_000),
    ("long list", list(range(50_000))),
]


def cyclic():
    config = {"lr": 0.5}
    config["self"] = config
    history = [1]
    history.append(history)
    return {"config": config, "history": history}


def situations() -> list[Situation]:
    shown = [saved(name, checkpoint(metadata={"value": value}), shown={"value": json}) for name, value, json in VALUES]
    read = [saved(name, checkpoint(metadata={"value": value})) for name, value in READ]
    beside = [saved(f"{name}, beside", checkpoint(value=value)) for name, value, _ in VALUES if name in ("datetime", "path", "namespace")]
    return [
        *shown,
        *read,
        *(saved(f"integer {value}", checkpoint(metadata={"value": value}), shown={"value": str(value)}, kept={"value": value})
          for value in INTEGERS),
        *beside,
        saved("containers that contain themselves", checkpoint(metadata=cyclic(), config=cyclic())),
        saved("values at the top level", {"epoch": 5, "model_state_dict": dict(checkpoint()["model_state_dict"]), "loss": 0.25},
              shown={"epoch": 5, "loss": 0.25}),
        saved("metadata that is text", {**checkpoint(), "metadata": "trained on 4 GPUs"}, shown={"metadata": "trained on 4 GPUs"}),
    ]
