"""Eager inference with PyTorch, one position at a time: a line with a duration in ms in, positions per second out.

    torch_loop.py CHECKPOINT
"""

import pathlib
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tests" / "interop"))
from chess_network import ChessNetwork  # noqa: E402


def main(path):
    network = ChessNetwork()
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True)["model_state_dict"])
    network.eval()
    board = torch.randint(0, 2, (1, 14, 8, 8)).float()
    print(torch.__version__, flush=True)
    for line in sys.stdin:
        count, begun, ends = 0, time.perf_counter(), time.perf_counter() + float(line) / 1000
        with torch.no_grad():
            while time.perf_counter() < ends:
                network(board)
                count += 1
        print(count / (time.perf_counter() - begun), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
