"""Loads exported .pt files with the PyTorch that runs this script (1.13 or later) and compares them with their originals.

    check_pytorch.py CASES_JSON EXPORTS_JSON [--compare]

--compare: also opens the originals, which only the PyTorch that wrote them is sure to read.
"""

import json
import shutil
import subprocess
import sys
import zipfile

import torch
from checkpoint_content import describe, state_dict_of
from chess_network import ChessNetwork
from report import Reporter
from zip_layout import data_offsets

VERSION = tuple(int(part) for part in torch.__version__.split("+")[0].split(".")[:2])
# The safe loader of PyTorch 1.13 knows no floating-point numbers, not even those of its own checkpoints.
SAFE_LOADER_READS_FLOATS = VERSION >= (2, 0)


def holds_float(value):
    if isinstance(value, dict):
        return any(holds_float(item) for item in value.values())
    return isinstance(value, float) or (isinstance(value, (list, tuple)) and any(holds_float(item) for item in value))


def wrong_tensors(case, state):
    if list(state) != list(case["tensors"]):
        return f"the names differ: {sorted(set(state) ^ set(case['tensors'])) or 'in their order only'}"
    for name, expected in case["tensors"].items():
        if describe(state[name]) != expected:
            return f"{name} is {describe(state[name])}, not {expected}"
    return None


def wrong_in_network(case, state):
    network = ChessNetwork(**case["network"])
    network.load_state_dict(state, strict=True)
    for name, loaded in network.state_dict().items():
        if not torch.equal(loaded, state[name].to(loaded.dtype)):
            return f"{name} has other values in the network"
    return None


def wrong_against_original(case, state):
    original = state_dict_of(torch.load(case["file"], map_location="cpu", weights_only=False))
    for name, tensor in original.items():
        if tensor.dtype != state[name].dtype or not torch.equal(tensor, state[name]):
            return f"{name} is not equal to the original's"
    return None


def wrong_mapped(case, export):
    mapped = torch.load(export["file"], map_location="cpu", mmap=True, weights_only=True)
    return wrong_tensors(case, mapped["model_state_dict"])


def wrong_around_tensors(case, checkpoint):
    metadata = checkpoint["metadata"]
    for key, value in (case["metadata"] or {}).items():
        if key not in metadata or json.dumps(metadata[key]) != json.dumps(value):
            return f"metadata {key} is {metadata.get(key)!r}, not {value!r}"
    network = case["network"]
    sizes = case["architecture"] or {"num_channels": network["channels"], "num_res_blocks": network["blocks"]}
    expected = {"input_shape": [14, 8, 8], "output_shapes": {"policy": 4096, "value": 1}, **sizes}
    if checkpoint["architecture"] != expected:
        return f"the architecture is {checkpoint['architecture']}, not {expected}"
    return None


def wrong_alignment(export):
    for name, offset in data_offsets(export["file"]).items():
        if "/data/" in name and offset % 64 != 0:
            return f"{name} starts at byte {offset}"
    return None


def wrong_checksums(export):
    with zipfile.ZipFile(export["file"]) as archive:
        damaged = archive.testzip()
        if damaged is not None:
            return f"{damaged} does not have its CRC"
        if any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist()):
            return "a record is compressed"
    return None


def wrong_for_unzip(export):
    ran = subprocess.run(["unzip", "-tqq", export["file"]], capture_output=True, text=True)
    return None if ran.returncode == 0 else f"unzip -t: {ran.stdout}{ran.stderr}"


def check_archive(reporter, name, export):
    reporter.check("storages start on 64-byte boundaries", name, lambda: wrong_alignment(export))
    reporter.check("records are stored and have their CRCs", name, lambda: wrong_checksums(export))
    if shutil.which("unzip"):
        reporter.check("unzip -t finds nothing wrong", name, lambda: wrong_for_unzip(export))
    else:
        reporter.result("unzip -t finds nothing wrong", name, "skipped", "unzip is not installed")


def check_case(reporter, case, export, compare):
    name = case["name"]
    loaded = {}

    safe = SAFE_LOADER_READS_FLOATS or not holds_float(case["metadata"])

    def wrong_load():
        loaded.update(torch.load(export["file"], map_location="cpu", weights_only=safe))

    group = "torch.load(weights_only=True)" if safe else "torch.load, of metadata that its safe loader refuses"
    if not reporter.check(group, name, wrong_load):
        return
    state = loaded["model_state_dict"]
    reporter.check("every tensor is bit-identical", name, lambda: wrong_tensors(case, state))
    reporter.check("load_state_dict(strict=True)", name, lambda: wrong_in_network(case, state))
    reporter.check("metadata and architecture are kept", name, lambda: wrong_around_tensors(case, loaded))
    if compare:
        reporter.check("torch.equal to the original", name, lambda: wrong_against_original(case, state))
        reporter.check("torch.load(mmap=True)", name, lambda: wrong_mapped(case, export))
        check_archive(reporter, name, export)


def main(cases_file, exports_file, *flags):
    reporter = Reporter(f"PyTorch {torch.__version__}: ")
    with open(cases_file, encoding="utf-8") as file:
        cases = {case["name"]: case for case in json.load(file)}
    with open(exports_file, encoding="utf-8") as file:
        exports = [export for export in json.load(file) if export["format"] == "pytorch" and "file" in export]
    for export in exports:
        check_case(reporter, cases[export["case"]], export, "--compare" in flags)


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    main(*sys.argv[1:])
