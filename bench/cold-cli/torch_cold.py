"""One export in a Python process that ends with it, as somebody's script does it.

    torch_cold.py CHECKPOINT FOLDER pytorch|onnx
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "export-core"))
from torch_exports import export_onnx, export_pytorch  # noqa: E402

sys.stdout = sys.stderr  # the exporter prints remarks
path, folder, form = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
{"pytorch": export_pytorch, "onnx": export_onnx}[form](path, folder)
