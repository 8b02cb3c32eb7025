"""Writes files as training programs leave them, and what is expected of each.

    write_situations.py OUT_DIR

OUT_DIR gets the files, and situations.json: `{situations, networks, boards}`. A situation is {name, file, network, shown, kept,
warned, refused}; `networks` tells for each name its arguments, its tensors' types, shapes and digests, and what it computes for
the boards.
"""

import json
import pathlib
import sys

import torch
from checkpoint_content import describe
from chess_network import ChessNetwork
from situations import numpy_values, objects, other_files, spellings, standard_values, torch_values, weight_names, weight_places
from situations.situation import SMALL, WEIGHTS

KINDS = [standard_values, numpy_values, torch_values, objects, weight_names, weight_places, spellings, other_files]


def boards():
    return (torch.rand(2, 14, 8, 8, generator=torch.Generator().manual_seed(99)) < 0.12).float()


def network(state, computed):
    model = ChessNetwork(**SMALL)
    model.load_state_dict(computed)
    policy, value = model.eval()(boards())
    return {
        "tensors": {name: describe(tensor) for name, tensor in state.items()},
        "policy": policy.tolist(),
        "value": value.tolist(),
    }


def networks():
    without_bias = weight_places.without_policy_bias()
    zero = {**WEIGHTS, "policy_fc.bias": torch.zeros(4096)}
    return {
        "trained": network(WEIGHTS, WEIGHTS),
        "half": network(weight_places.HALF, {name: tensor.float() for name, tensor in weight_places.HALF.items()}),
        "without policy bias": network(without_bias, zero),
    }


def write(situation, file):
    situation.write(file)
    known = {key: getattr(situation, key) for key in ("name", "network", "shown", "kept", "warned", "refused")}
    return {**known, "file": str(file)}


def main(out):
    every = [situation for kind in KINDS for situation in kind.situations()]
    names = [situation.name for situation in every]
    assert len(set(names)) == len(names), "two situations of one name"
    written = [write(situation, out / f"situation_{index}.pt") for index, situation in enumerate(every)]
    with torch.no_grad():
        content = {"situations": written, "networks": networks(), "boards": boards().tolist()}
    (out / "situations.json").write_text(json.dumps(content))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
