"""What a running system must answer: the positions, and what PyTorch computed from the committed checkpoints."""

import base64
import json
import pathlib

import numpy

POLICY, VALUE, INPUT = "policy_output", "value_output", "board_input"
# |Δ| ≤ ABSOLUTE + RELATIVE · |what was expected|
ABSOLUTE = RELATIVE = 1e-5


class Expectations:
    """Boards of [3, 14, 8, 8] with PyTorch's outputs for them by checkpoint, and 400 positions of real games."""

    def __init__(self, fixtures):
        root = pathlib.Path(fixtures)
        with open(root / "torch-2.13/expected.json", encoding="utf-8") as file:
            content = json.load(file)
        shape = content["input_shape"]
        self.boards = floats(content["input"]).reshape(shape)
        self._files = content["files"]
        with open(root / "positions.json", encoding="utf-8") as file:
            self.positions = json.load(file)["positions"]

    def outputs(self, file):
        """PyTorch's policy [3, 4096] and value [3, 1] of a committed checkpoint."""
        outputs = self._files[file]
        return floats(outputs["policy"]).reshape(-1, 4096), floats(outputs["value"]).reshape(-1, 1)

    def planes(self):
        """All positions as the network sees them, [400, 14, 8, 8]."""
        planes = numpy.zeros((len(self.positions), 14, 8, 8), numpy.float32)
        for board, position in zip(planes, self.positions):
            for plane, rank, square in position["pieces"]:
                board[plane, rank, square] = 1
            board[12], board[13] = position["turn"], position["castling"]
        return planes


def floats(text):
    return numpy.frombuffer(base64.b64decode(text), "<f4").copy()


def difference(what, got, expected):
    """A sentence if two arrays differ by more than the tolerance."""
    if got.shape != expected.shape:
        return f"{what} has shape {got.shape} and not {expected.shape}"
    if got.dtype != numpy.float32:
        return f"{what} is {got.dtype}"
    excess = numpy.abs(got - expected) - (ABSOLUTE + RELATIVE * numpy.abs(expected))
    return f"{what} is off by {numpy.abs(got - expected).max():.2e}" if excess.max() > 0 else None
