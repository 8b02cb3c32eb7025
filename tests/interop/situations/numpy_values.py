"""NumPy's values in metadata, and what is shown of them."""

import numpy as np

from situations.situation import Situation, checkpoint, saved

VALUES = [
    ("float64", np.float64(0.25), 0.25),
    ("float32", np.float32(0.25), 0.25),
    ("float16", np.float16(0.5), 0.5),
    ("int64", np.int64(2**40), 2**40),
    ("bool", np.bool_(True), True),
    ("text", np.str_("König"), "König"),
    ("datetime", np.datetime64("2025-10-06T23:56:50"), "2025-10-06T23:56:50"),
    ("date", np.datetime64("2025-10-06"), "2025-10-06"),
    ("array of float64", np.linspace(3, 1, 5), [3.0, 2.5, 2.0, 1.5, 1.0]),
    ("array of float16", np.array([0.5, 1], np.float16), [0.5, 1.0]),
    ("array of two dimensions", np.arange(6, dtype=np.int32).reshape(2, 3), [[0, 1, 2], [3, 4, 5]]),
    ("array in Fortran's order", np.asfortranarray(np.arange(6).reshape(2, 3)), [[0, 1, 2], [3, 4, 5]]),
    ("array of big-endian numbers", np.array([1, 2], ">i4"), [1, 2]),
    ("array of booleans", np.array([True, False]), [True, False]),
    ("array of no dimensions", np.array(3.5), 3.5),
    ("empty array", np.zeros((0, 3)), []),
    ("array of objects", np.array([1, "a", None], dtype=object), [1, "a", None]),
    ("array of texts", np.array(["ab", "c"]), ["ab", "c"]),
    ("array of dates", np.array(["2025-10-06", "2025-10-07"], "M8[D]"), ["2025-10-06", "2025-10-07"]),
]

READ = [
    ("timedelta", np.timedelta64(90, "s")),
    ("not a time", np.datetime64("NaT")),
    ("complex", np.complex64(1 + 2j)),
    ("array of complex", np.array([1 + 2j])),
    ("array of bytes", np.array([b"ab", b"c"])),
    ("long double", np.longdouble(0.5)),
    ("void", np.void(b"abc")),
    ("record", np.array([(1, 2.5)], dtype=[("games", "i4"), ("loss", "f8")])),
    ("one record", np.array([(1, 2.5)], dtype=[("games", "i4"), ("loss", "f8")])[0]),
    ("recarray", np.rec.array([(1, 2.5)], dtype=[("games", "i4"), ("loss", "f8")])),
    ("matrix", np.matrix([[1, 2], [3, 4]])),
    ("masked array", np.ma.masked_array([1, 2, 3], mask=[0, 1, 0])),
    ("long array", np.zeros(1_000_000, np.float32)),
    ("generator", np.random.default_rng(1)),
    ("random state", np.random.RandomState(1)),
    ("state of the old generator", np.random.RandomState(1).get_state()),
    ("seed sequence", np.random.SeedSequence(5)),
    ("dtypes", [np.dtype("float32"), np.dtype([("a", "i4")]), np.float32]),
    ("function", np.add),
    ("polynomial", np.poly1d([1, 2])),
]


def situations() -> list[Situation]:
    return [
        *(saved(f"numpy {name}", checkpoint(metadata={"value": value}), shown={"value": json}) for name, value, json in VALUES),
        *(saved(f"numpy {name}", checkpoint(metadata={"value": value})) for name, value in READ),
        saved("numpy uint64", checkpoint(metadata={"value": np.uint64(2**63)}), shown={"value": str(2**63)}, kept={"value": 2**63}),
        saved("numpy array of uint64", checkpoint(metadata={"value": np.array([2**63, 1], np.uint64)}),
              shown={"value": [str(2**63), 1]}, kept={"value": [2**63, 1]}),
        saved("numpy array beside", checkpoint(history=np.array([1, "a", None], dtype=object), rng=np.random.default_rng(1))),
    ]
