"""Writes checkpoints with real PyTorch, lists them and the committed fixtures, and describes what each holds.

    make_cases.py FIXTURES_DIR OUT_DIR

OUT_DIR gets the checkpoints, and cases.json: a list of {name, file, network, opsets, metadata, architecture, tensors},
where `network` are the arguments of ChessNetwork and `tensors` tells every tensor's type, shape and digest.
"""

import collections
import json
import pathlib
import sys

import torch
from chess_network import ChessNetwork, train
from checkpoint_content import describe, state_dict_of

# The last onnxruntime for Python 3.10 knows opset 23.
ALL_OPSETS = [11, 13, 17, 21, 23, *([26] if sys.version_info >= (3, 11) else [])]
FULL_SIZE = {"channels": 128, "blocks": 6, "policy_planes": 32, "value_planes": 32, "value_hidden": 256}


def wrap(network, loss, state, **extra):
    """A checkpoint as the training code writes it."""
    metadata = {
        "version": 7, "training_date": "2025-10-06T23:56:50", "num_games": 12, "learning_rate": 0.001,
        "training_loss": loss, "policy_loss": None, "device": "CPU", "note": "König \u2654 \"quoted\"\n", "resumed": False,
        "schedule": [1, 2.5, "cosine"], "seed": 2**40,
    }
    architecture = {"num_channels": network.conv_input.out_channels, "num_res_blocks": len(network.res_blocks)}
    return {"model_state_dict": state, "metadata": metadata, "architecture": architecture, **extra}


def renamed(state, prefix):
    return collections.OrderedDict((prefix + name, tensor) for name, tensor in state.items())


def cast(state, dtype):
    return {name: tensor.to(dtype) if tensor.is_floating_point() else tensor for name, tensor in state.items()}


def write_cases(out):
    """Checkpoints that are large, or that training code leaves behind now and then, with their networks."""
    cases = []

    def save(name, checkpoint, network, opsets=(11,), **arguments):
        file = out / f"{name}.pt"
        torch.save(checkpoint, file, **arguments)
        cases.append({"name": name, "file": str(file), "network": network, "opsets": opsets})

    network = ChessNetwork(**FULL_SIZE)
    optimizer, loss = train(network, steps=3, seed=1)
    state = network.state_dict()
    save("full_size", wrap(network, loss, state), FULL_SIZE, ALL_OPSETS)
    training = wrap(network, loss, state, optimizer_state_dict=optimizer.state_dict(), epoch=3)
    save("full_size_optimizer", training, FULL_SIZE)
    save("full_size_compiled", wrap(network, loss, renamed(state, "_orig_mod.")), FULL_SIZE)
    # No metadata at all: what Caissa adds holds no floating-point number, which PyTorch 1.13's safe loader does not know.
    save("full_size_state_dict_only", renamed(state, "module."), FULL_SIZE)
    save("full_size_float16", wrap(network, loss, cast(state, torch.float16)), FULL_SIZE)
    save("full_size_bfloat16", wrap(network, loss, cast(state, torch.bfloat16)), FULL_SIZE)
    save("full_size_parameters", wrap(network, loss, network.state_dict(keep_vars=True)), FULL_SIZE)
    save("full_size_legacy", wrap(network, loss, state), FULL_SIZE, _use_new_zipfile_serialization=False)
    torch.serialization.set_crc32_options(False)
    save("full_size_no_crc", wrap(network, loss, state), FULL_SIZE)
    torch.serialization.set_crc32_options(True)
    # Training with memory_format=torch.channels_last leaves weights whose elements are not in row-major order.
    state = network.to(memory_format=torch.channels_last).state_dict()
    save("full_size_channels_last", wrap(network, loss, state), FULL_SIZE)

    for seed, name, sizes in (
        (2, "full_size_no_conv_bias", {**FULL_SIZE, "conv_bias": False}),
        (3, "other_sizes", {"channels": 64, "blocks": 10, "policy_planes": 2, "value_planes": 1, "value_hidden": 256}),
    ):
        network = ChessNetwork(**sizes)
        _, loss = train(network, steps=3, seed=seed)
        save(name, wrap(network, loss, network.state_dict()), sizes, ALL_OPSETS)
    return cases


def fixture_cases(fixtures):
    """The committed checkpoints that can be exported: those whose outputs are in expected.json."""
    cases = []
    for expected in sorted(fixtures.glob("torch-*/expected.json")):
        content = json.loads(expected.read_text())
        for name in sorted(content["files"]):
            opsets = ALL_OPSETS if name == "checkpoint.pt" else [11]
            case = f"{expected.parent.name}_{pathlib.Path(name).stem}"
            file = str(expected.parent / name)
            cases.append({"name": case, "file": file, "network": content["architecture"], "opsets": opsets})
    return cases


def with_content(case):
    # Files of our own, which may be unpickled: the fixtures hold more than weights_only lets through.
    checkpoint = torch.load(case["file"], map_location="cpu", weights_only=False)
    tensors = {name: describe(tensor) for name, tensor in state_dict_of(checkpoint).items()}
    known = {key: checkpoint.get(key) for key in ("metadata", "architecture")}
    return {**case, **known, "tensors": tensors}


def main(fixtures, out):
    cases = [with_content(case) for case in write_cases(out) + fixture_cases(fixtures)]
    (out / "cases.json").write_text(json.dumps(cases))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
