"""Exports with PyTorch on request: a line "pytorch", "onnx" or "remove" (what was exported last) on standard input,
"done" or an error on standard output.

    torch_exports.py CHECKPOINT FOLDER
"""

import pathlib
import sys
import warnings

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tests" / "interop"))
from chess_network import ChessNetwork  # noqa: E402

warnings.filterwarnings("ignore")
DYNAMIC_BATCH = {name: {0: "batch_size"} for name in ("board_input", "policy_output", "value_output")}


def load(path):
    """What a Python backend does first: the checkpoint, and its weights in a network."""
    checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    network = ChessNetwork()
    network.load_state_dict(checkpoint["model_state_dict"])
    return network.eval(), checkpoint


def export_pytorch(path, folder):
    network, checkpoint = load(path)
    torch.save({**checkpoint, "model_state_dict": network.state_dict()}, folder / "torch.pt")


def export_onnx(path, folder):
    network, _ = load(path)
    torch.onnx.export(
        network, torch.zeros(1, 14, 8, 8), folder / "torch.onnx", dynamo=False, opset_version=11,
        do_constant_folding=True, input_names=["board_input"], output_names=["policy_output", "value_output"],
        dynamic_axes=DYNAMIC_BATCH,
    )


def remove(_, folder):
    for file in folder.glob("torch.*"):
        file.unlink()


def main(path, folder):
    answers, sys.stdout = sys.stdout, sys.stderr  # the exporter prints remarks
    commands = {"pytorch": export_pytorch, "onnx": export_onnx, "remove": remove}
    print(torch.__version__, file=answers, flush=True)
    for line in sys.stdin:
        try:
            commands[line.strip()](path, folder)
            print("done", file=answers, flush=True)
        except Exception as error:  # whatever it is, the benchmark has to say it
            print(" ".join(f"{type(error).__name__}: {error}".split()), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
