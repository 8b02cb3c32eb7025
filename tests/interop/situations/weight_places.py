"""Places in a file where training programs keep the weights."""

import argparse
import collections
import dataclasses

import torch
from situations.situation import NETWORK, OTHER, WEIGHTS, Situation, checkpoint, in_module, prefixed, saved


@dataclasses.dataclass
class TrainingState:
    model: dict
    epoch: int = 3


in_module(TrainingState)
HALF = collections.OrderedDict((name, tensor.half() if tensor.is_floating_point() else tensor) for name, tensor in WEIGHTS.items())
NUMPY = {name: tensor.numpy() for name, tensor in WEIGHTS.items()}
ARCHITECTURE = {"num_channels": 16, "num_res_blocks": 2}

# Keys of a dictionary that hold the weights; keys in a row lead to one another.
KEYS = [
    "model_state_dict", "state_dict", "model", "net", "network", "weights", "params", "policy_value_net", "ema", "state_dict_ema",
    "ema_state_dict", "swa_state_dict", "generator", "best.model", "state.model.weights", "ema.module", "checkpoint.state_dict",
]


def under(key, weights=WEIGHTS):
    """The weights under a key, or keys separated by dots, beside the number of an epoch."""
    first, _, rest = key.partition(".")
    return {"epoch": 3, first: under(rest, weights) if rest else weights}


def situations() -> list[Situation]:
    other = OTHER.state_dict()
    return [
        *(saved(f"weights under {key}", under(key)) for key in KEYS),
        saved("weights in a tuple", (3, WEIGHTS)),
        saved("weights in a list", [{"epoch": 3}, WEIGHTS]),
        saved("weights in a list in a dictionary", {"models": [WEIGHTS]}),
        saved("weights in a namespace", argparse.Namespace(model=WEIGHTS, epoch=3)),
        saved("weights in a dataclass", TrainingState(dict(WEIGHTS))),
        saved("weights in an object under a key", {"state": TrainingState(dict(WEIGHTS))}),
        saved("weights beside an epoch in one dictionary", {**WEIGHTS, "epoch": 3}),
        saved("weights with moments of the optimizer", {"optimizer": {"exp_avg": dict(other)}, "model": WEIGHTS}),
        saved("weights as NumPy arrays", checkpoint(NUMPY), refused=(None, "NumPy")),
        saved("raw weights and an average", {"model_state_dict": WEIGHTS, "ema_state_dict": other}),
        saved("raw weights and an average, Lightning", {"state_dict": prefixed("model."), "averaging_state": {"module": other}}),
        saved("raw weights and an average of a wrapper", {"model": WEIGHTS, "ema": {"module": other, "decay": 0.999}}),
        saved("one network twice", {"model_state_dict": WEIGHTS, "best_model_state_dict": WEIGHTS}),
        saved("two networks", {"white": WEIGHTS, "black": other}, refused=(None, "white")),
        saved("two networks in a tuple", (WEIGHTS, other), refused=(None, "[0]")),
        saved("whole network", NETWORK),
        saved("whole network under a key", {"model": NETWORK}),
        saved("no weights", {"epoch": 3, "loss": 0.5}, refused=("NOT_A_CHECKPOINT", "no weights")),
        saved("weights on no device", checkpoint({name: tensor.to("meta") for name, tensor in WEIGHTS.items()}), refused=(None, "meta")),
        saved("weights of 16 bits", checkpoint(HALF), network="half"),
        saved("parameters", checkpoint(NETWORK.state_dict(keep_vars=True))),
        saved("128 channels declared", {**checkpoint(), "architecture": {"num_channels": 128, "num_res_blocks": 6}}, warned=["128"]),
        saved("channels declared as text", {**checkpoint(), "architecture": {"num_channels": "16", "num_res_blocks": "2"}}),
        saved("more declared of the architecture", {**checkpoint(), "architecture": {**ARCHITECTURE, "dropout": 0.25, "name": "small"}}),
        saved("nothing declared", {"model_state_dict": WEIGHTS}),
        saved("policy without a bias", checkpoint(without_policy_bias()), network="without policy bias"),
        Situation("weights as a TPU leaves them", write_as_tpu),
    ]


def without_policy_bias():
    return collections.OrderedDict((name, tensor) for name, tensor in WEIGHTS.items() if name != "policy_fc.bias")


def write_as_tpu(path):
    """Saves as from an XLA device, without moving the weights first."""
    plain, kept = torch.Tensor.__reduce_ex__, []

    def reduce(tensor, protocol):
        if any(tensor is one for one in kept):
            return plain(tensor, protocol)
        kept.append(tensor.detach().clone())
        return torch._utils._rebuild_device_tensor_from_cpu_tensor, (kept[-1], tensor.dtype, "xla:0", False)

    torch.Tensor.__reduce_ex__ = reduce
    try:
        torch.save(checkpoint(), path)
    finally:
        torch.Tensor.__reduce_ex__ = plain
