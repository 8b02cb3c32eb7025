"""What is taken for a checkpoint by mistake, and what must be said of it."""

import bz2
import gzip
import io
import json
import lzma
import pickle
import struct
import tarfile
import zipfile

import numpy as np
import torch
from situations.situation import NETWORK, WEIGHTS, Situation, checkpoint

HTML = b"<!DOCTYPE html><html><body>Sign in</body></html>"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


def torch_bytes():
    buffer = io.BytesIO()
    torch.save(checkpoint(), buffer)
    return buffer.getvalue()


def zip_of(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "."), data)
    return buffer.getvalue()


def npz():
    buffer = io.BytesIO()
    np.savez(buffer, **{"conv_input.weight": np.zeros(3)})
    return buffer.getvalue()


def npy():
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    return buffer.getvalue()


def tar():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        data = torch_bytes()
        info = tarfile.TarInfo("model.pt")
        info.size = len(data)
        archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def safetensors():
    header = json.dumps({"conv_input.weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(4)


def torchscript():
    buffer = io.BytesIO()
    torch.jit.save(torch.jit.trace(NETWORK, torch.zeros(1, 14, 8, 8)), buffer)
    return buffer.getvalue()


def tensors():
    return dict(WEIGHTS)


# Name, bytes, words of the sentence.
FILES = [
    ("zip with a checkpoint inside", lambda: zip_of(model__pt=torch_bytes()), "model.pt"),
    ("zip with other files", lambda: zip_of(readme__txt=b"hello"), "zip"),
    ("npz", npz, "NumPy"),
    ("npy", npy, "NumPy"),
    ("pickle.dump", lambda: pickle.dumps(tensors(), 2), "torch.save"),
    ("pickle.dump of protocol 4", lambda: pickle.dumps(tensors(), 4), "torch.save"),
    ("pickle.dump of text", lambda: pickle.dumps({"a": 1}, 0), ""),
    ("pickle.dump of arrays", lambda: pickle.dumps({name: tensor.numpy() for name, tensor in WEIGHTS.items()}), "torch.save"),
    ("pickle_save of C++", lambda: bytes(torch._C._pickle_save(tensors())), "C++"),
    ("safetensors", safetensors, "safetensors"),
    ("web page", lambda: HTML, "web page"),
    ("web page after a mark of byte order", lambda: b"\xef\xbb\xbf\r\n" + HTML, "web page"),
    ("web page after spaces", lambda: b"\n\n  " + HTML, "web page"),
    ("pointer of Git LFS", lambda: POINTER, "git lfs pull"),
    ("gzip", lambda: gzip.compress(torch_bytes(), 1), "gzip"),
    ("bzip2", lambda: bz2.compress(b"a"), "bzip2"),
    ("xz", lambda: lzma.compress(b"a"), "xz"),
    ("tar", tar, "tar"),
    ("7-Zip", lambda: b"7z\xbc\xaf\x27\x1c" + bytes(64), "7"),
    ("RAR", lambda: b"Rar!\x1a\x07\x01\x00" + bytes(64), "RAR"),
    ("HDF5", lambda: b"\x89HDF\r\n\x1a\n" + bytes(64), "HDF5"),
    ("GGUF", lambda: b"GGUF" + bytes(64), "GGUF"),
    ("ONNX", lambda: b"\x08\x06\x12\x07pytorch\x1a\x062.13.0:\x00", "ONNX"),
    ("TorchScript", torchscript, "TorchScript"),
    ("JSON", lambda: b'{"conv_input.weight": []}', ""),
    ("text", lambda: b"hello, world", ""),
    ("nothing", lambda: b"", "empty"),
    ("zeros", lambda: bytes(4096), ""),
    ("download that was cut", lambda: torch_bytes()[:500_000], "no end"),
    ("download without its beginning", lambda: torch_bytes()[500_000:], ""),
]


def writing(content):
    return lambda path: path.write_bytes(content())


def situations() -> list[Situation]:
    return [Situation(name, writing(content), refused=(None, words)) for name, content, words in FILES]
