"""A file as training programs leave it, and what Caissa must make of it."""

import collections
import dataclasses
import pathlib
import sys
import types
import typing

import torch
from chess_network import ChessNetwork, train

SMALL = {"channels": 16, "blocks": 2, "policy_planes": 1, "value_planes": 2, "value_hidden": 8}


@dataclasses.dataclass
class Situation:
    """One file. It is read and exported unless `refused` says otherwise."""

    name: str
    write: typing.Callable[[pathlib.Path], None]
    # Name of the network whose weights an export must have, bit for bit.
    network: str = "trained"
    # Entries of the metadata as JSON, and in the exported .pt where those differ.
    shown: dict = dataclasses.field(default_factory=dict)
    kept: dict = dataclasses.field(default_factory=dict)
    # Texts that a warning must contain, each in one sentence; none at all is allowed where this is empty.
    warned: tuple = ()
    # Code and words of the refusal; words may be left out.
    refused: tuple = ()


def saved(name, value, **expected):
    """What torch.save writes of a value, by default."""
    arguments = expected.pop("arguments", {})
    return Situation(name, lambda path: torch.save(value, path, **arguments), **expected)


def trained_network(seed=1, **sizes):
    """A network with running statistics of its own, and its optimizer."""
    torch.manual_seed(seed)
    network = ChessNetwork(**{**SMALL, **sizes})
    optimizer, _ = train(network, steps=2, seed=seed)
    return network, optimizer


NETWORK, OPTIMIZER = trained_network()
WEIGHTS = NETWORK.state_dict()
# A second one that is as good a network as the first: what an average or a teacher is beside it.
OTHER = trained_network(seed=2)[0]


def checkpoint(weights=WEIGHTS, metadata=(), **beside):
    """A checkpoint as the training program is meant to write it, with something more."""
    return {
        "model_state_dict": weights,
        "metadata": {"version": 7, **dict(metadata)},
        "architecture": {"num_channels": 16, "num_res_blocks": 2},
        **beside,
    }


def renamed(rename, weights=WEIGHTS):
    """The weights under other names."""
    return collections.OrderedDict((rename(name), tensor) for name, tensor in weights.items())


def prefixed(prefix, weights=WEIGHTS):
    """The weights with something before every name."""
    return renamed(lambda name: prefix + name, weights)


def in_module(thing, name="trainer"):
    """Lets a class or function look as if it belonged to the training program, which a reader does not have."""
    module = sys.modules.setdefault(name, types.ModuleType(name))
    thing.__module__, thing.__qualname__ = name, thing.__name__
    setattr(module, thing.__name__, thing)
    return thing
