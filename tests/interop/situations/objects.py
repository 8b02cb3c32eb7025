"""Objects of classes that only the training program has."""

import argparse
import collections
import dataclasses
import enum
import functools
import pathlib

import torch
from situations.situation import NETWORK, WEIGHTS, OPTIMIZER, Situation, checkpoint, in_module, prefixed, saved
from torch import nn


class Phase(enum.Enum):
    SELF_PLAY = 1


class Level(enum.IntEnum):
    HIGH = 3


class Side(str, enum.Enum):
    WHITE = "white"


class Rights(enum.Flag):
    SHORT = 1
    LONG = 2


@dataclasses.dataclass
class Search:
    simulations: int = 800


@dataclasses.dataclass
class TrainingConfig:
    num_games: int = 10
    search: Search = dataclasses.field(default_factory=Search)


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    lr: float = 0.5


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self):
        self.a, self.b = 1, [2]


class Stateful:
    """Keeps its state as pydantic and attrs do: in a form of its own."""

    def __getstate__(self):
        return {"__dict__": {"lr": 0.5}, "__pydantic_fields_set__": {"lr"}, "__pydantic_private__": None}


class Reduced:
    """Is made again by a function."""

    def __reduce__(self):
        return make, (1, "a"), {"b": 2}


def make(*_arguments):
    return Reduced()


class DotDict(dict):
    __getattr__ = dict.get


class StateDict(collections.OrderedDict):
    pass


class Items(list):
    pass


class Text(str):
    pass


class Number(float):
    pass


class Whole(int):
    pass


class FloatWeight(torch.Tensor):
    pass


class Outer:
    class Inner:
        pass

    class Mode(enum.Enum):
        FAST = 1


Result = collections.namedtuple("Result", "wins losses")


def activation(values, slope=0.5):
    return values * slope


for thing in (Phase, Level, Side, Rights, Search, TrainingConfig, Frozen, Slotted, Stateful, Reduced, make, DotDict, StateDict, Items,
              Text, Number, Whole, FloatWeight, Result, activation, Outer):
    in_module(thing)
for inner in (Outer.Inner, Outer.Mode):
    inner.__module__, inner.__qualname__ = "trainer", f"Outer.{inner.__name__}"

VALUES = [
    ("dict of another class", DotDict(lr=0.5, inner=DotDict(a=1)), {"lr": 0.5, "inner": {"a": 1}}),
    ("OrderedDict of another class", StateDict(a=1), {"a": 1}),
    ("named tuple", Result(3, 1), [3, 1]),
    ("dataclass", TrainingConfig(), {"num_games": 10, "search": {"simulations": 800}}),
    ("enum", Phase.SELF_PLAY, {"trainer.Phase": [1]}),
    ("enum of integers", Level.HIGH, {"trainer.Level": [3]}),
    ("enum of texts", Side.WHITE, {"trainer.Side": ["white"]}),
]

READ = [
    ("flags", Rights.SHORT | Rights.LONG),
    ("frozen dataclass with slots", Frozen()),
    ("object with slots", Slotted()),
    ("object with a state of its own", Stateful()),
    ("object that a function makes", Reduced()),
    ("list of another class", Items([1, 2])),
    ("text of another class", Text("a")),
    ("float of another class", Number(0.5)),
    ("integer of another class", Whole(3)),
    ("partial", functools.partial(max, 1)),
    ("partial of the program's function", functools.partial(activation, slope=0.25)),
    ("function", activation),
    ("class", TrainingConfig),
    ("nested class", Outer.Inner()),
    ("nested enum", Outer.Mode.FAST),
    ("enum as key", {Phase.SELF_PLAY: 1, Level.HIGH: 2}),
    ("several of one class", [TrainingConfig(), TrainingConfig(5)]),
]


def lightning():
    return {
        "epoch": 3, "global_step": 100, "pytorch-lightning_version": "2.6.6", "state_dict": prefixed("model."), "loops": {},
        "callbacks": {}, "optimizer_states": [OPTIMIZER.state_dict()], "lr_schedulers": [], "hparams_name": "kwargs",
        "hyper_parameters": {"args": argparse.Namespace(games=10), "data_dir": pathlib.PosixPath("/data"), "act": nn.ReLU},
    }


def with_subclassed_weight():
    state = collections.OrderedDict(WEIGHTS)
    state["value_fc1.weight"] = WEIGHTS["value_fc1.weight"].as_subclass(FloatWeight)
    return state


def situations() -> list[Situation]:
    in_module(type(NETWORK))
    return [
        *(saved(name, checkpoint(metadata={"value": value}), shown={"value": json}) for name, value, json in VALUES),
        *(saved(f"{name} in metadata", checkpoint(metadata={"value": value})) for name, value in READ),
        saved("objects of every kind beside", checkpoint(config={name: value for name, *_, value in [(n, v) for n, v, *_ in VALUES + READ]})),
        saved("objects of every kind, protocol 5", checkpoint(config=[v for _, v, *_ in VALUES + READ]), arguments={"pickle_protocol": 5}),
        saved("Lightning with hyper-parameters", lightning(), shown={"epoch": 3, "global_step": 100}),
        saved("state dict of another class", checkpoint(StateDict(WEIGHTS))),
        saved("weight of another class", checkpoint(with_subclassed_weight())),
    ]
