"""Names that PyTorch's and its ecosystem's tools give the weights, or put beside them."""

import collections

import torch
from situations.situation import NETWORK, OTHER, WEIGHTS, Situation, checkpoint, prefixed, renamed, saved, trained_network
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune

# What tools put before every name.
PREFIXES = [
    "module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module.", "module.module.", "model.", "model._orig_mod.", "net.", "network.",
    "_forward_module.module.", "_fsdp_wrapped_module.", "model.module._orig_mod.",
]


def beside(tensors, weights=WEIGHTS):
    return collections.OrderedDict([*weights.items(), *tensors.items()])


def inner(wrapper):
    """A wrapper around single layers and blocks, as it names their weights."""
    return renamed(lambda name: name.replace("res_blocks.0.", f"res_blocks.0.{wrapper}.").replace("policy_fc.", f"policy_fc.{wrapper}."))


def averaged():
    model = torch.optim.swa_utils.AveragedModel(NETWORK)
    model.update_parameters(NETWORK)
    return model.state_dict()


def profiled():
    counters = {}
    for prefix in ("", "conv_input.", "res_blocks.0.conv1."):
        counters[f"{prefix}total_ops"] = torch.zeros(1, dtype=torch.float64)
        counters[f"{prefix}total_params"] = torch.zeros(1, dtype=torch.float64)
    return beside(counters)


def rewritten(change):
    """The state dict of a network that `change` has been at."""
    network, _ = trained_network()
    change(network)
    return network.state_dict()


def each_layer(network):
    return [module for module in network.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]


def fused():
    """The weights without batch norms, as exporters for inference fold them."""
    return collections.OrderedDict((name, tensor) for name, tensor in WEIGHTS.items() if "bn" not in name)


def low_rank():
    return beside({"base_model.model.policy_fc.lora_A.weight": torch.ones(4, 64), "base_model.model.policy_fc.lora_B.weight": torch.ones(4096, 4)})


def quantised():
    return collections.OrderedDict(
        (name, torch.quantize_per_tensor(tensor.float(), 0.1, 0, torch.qint8) if name.endswith("weight") else tensor)
        for name, tensor in WEIGHTS.items()
    )


# Name, state dict.
READ = [
    *((f"prefix {prefix}", prefixed(prefix)) for prefix in PREFIXES),
    *((f"wrapper {wrapper} inside", inner(wrapper)) for wrapper in ("_checkpoint_wrapped_module", "_fsdp_wrapped_module", "_orig_mod", "module")),
    ("wrappers before and inside", prefixed("_fsdp_wrapped_module.", inner("_checkpoint_wrapped_module"))),
]

# Name, state dict, words of the warning.
WARNED = [
    ("averaged model", averaged(), ["n_averaged"]),
    ("averaged compiled model", renamed(lambda name: name.replace("module.", "module._orig_mod."), averaged()), ["n_averaged"]),
    ("counters of a profiler", profiled(), ["total_ops"]),
    ("buffers of a loss", beside({"criterion.pos_weight": torch.tensor(3.2)}, prefixed("model.")), ["criterion.pos_weight"]),
    ("buffers of metrics", beside({"train_acc.correct": torch.tensor(3), "train_acc.total": torch.tensor(4)}, prefixed("model.")),
     ["train_acc"]),
    ("weights of a loss without a prefix", beside({"loss_fn.weight": torch.ones(3)}), ["loss_fn.weight"]),
]

REFUSED = [
    ("spectral norm", rewritten(lambda network: nn.utils.spectral_norm(network.policy_fc)), "norm"),
    ("spectral norm by parametrisation", rewritten(lambda network: parametrizations.spectral_norm(network.policy_fc)), "parametriz"),
    ("weight norm by parametrisation", rewritten(lambda network: parametrizations.weight_norm(network.policy_fc)), "parametriz"),
    ("weight norm", rewritten(lambda network: torch.nn.utils.weight_norm(network.policy_fc)), "weight_norm"),
    ("pruned", rewritten(lambda network: [prune.l1_unstructured(layer, "weight", 0.5) for layer in each_layer(network)]), "prun"),
    ("quantised", quantised(), "quanti"),
    ("batch norms folded", fused(), "batch norm"),
    ("low-rank adapters", low_rank(), "lora"),
    ("two networks in one state dict", beside(prefixed("teacher.", OTHER.state_dict()), prefixed("student.")), "teacher"),
    ("network of another game", prefixed("", nn.Sequential(nn.Conv2d(3, 8, 3), nn.Linear(8, 2)).state_dict()), ""),
]


def situations() -> list[Situation]:
    assert not parametrize.is_parametrized(NETWORK)
    return [
        *(saved(name, checkpoint(state)) for name, state in READ),
        *(saved(name, checkpoint(state), warned=words) for name, state, words in WARNED),
        *(saved(name, checkpoint(state), refused=(None, word)) for name, state, word in REFUSED),
        saved("prefix, bare state dict", prefixed("module.")),
    ]
