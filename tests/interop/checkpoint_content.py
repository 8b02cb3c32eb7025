"""What a checkpoint holds, in terms that two versions of PyTorch can be compared by."""

import ctypes
import hashlib

import torch

# What parallel and compiled training put before every name.
PREFIXES = ("module.", "_orig_mod.")


def state_dict_of(checkpoint):
    """The network's tensors under their plain names."""
    state = checkpoint.get("model_state_dict", checkpoint)
    for prefix in PREFIXES:
        if all(name.startswith(prefix) for name in state):
            state = {name[len(prefix):]: tensor for name, tensor in state.items()}
    return state


def tensor_bytes(tensor):
    """The elements in row-major order, without NumPy: old PyTorch and new NumPy do not go together."""
    flat = tensor.detach().contiguous()
    return ctypes.string_at(flat.data_ptr(), flat.numel() * flat.element_size())


def describe(tensor):
    """Everything that makes one tensor equal to another, NaNs included, as JSON."""
    return {
        "dtype": str(tensor.dtype),
        "shape": list(tensor.shape),
        "sha256": hashlib.sha256(tensor_bytes(tensor)).hexdigest(),
    }
