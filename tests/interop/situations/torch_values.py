"""PyTorch's own values beside intact weights."""

import torch
from torch import nn

from situations.situation import NETWORK, OPTIMIZER, Situation, checkpoint, in_module, saved

VALUES = [
    ("version", torch.__version__, str(torch.__version__)),
    ("tensor of no dimensions", torch.tensor(0.75, dtype=torch.float64), 0.75),
    ("integer tensor", torch.tensor(3), 3),
    ("size", torch.Size([14, 8, 8]), [14, 8, 8]),
]


class Tagged(torch.Tensor):
    """A tensor with attributes of its own."""


def tagged():
    in_module(Tagged)
    tensor = torch.ones(2).as_subclass(Tagged)
    tensor.origin = "self-play"
    return tensor


def scheduler():
    scheduler = torch.optim.lr_scheduler.StepLR(OPTIMIZER, 10)
    return {"object": scheduler, "state": scheduler.state_dict()}


READ = [
    ("dtype", torch.float16),
    ("device", torch.device("cuda:0")),
    ("layout", torch.strided),
    ("types", [torch.float32, torch.uint16, torch.float8_e4m3fn, torch.FloatTensor]),
    ("state of the generator", torch.get_rng_state()),
    ("sparse tensor", torch.eye(4).to_sparse()),
    ("sparse rows", torch.eye(4).to_sparse_csr()),
    ("quantised tensor", torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8)),
    ("tensor quantised by channel",
     torch.quantize_per_channel(torch.ones(2, 3), torch.tensor([0.1, 0.2]), torch.tensor([0, 0]), 0, torch.qint8)),
    ("tensor without data", torch.empty(3, device="meta")),
    ("nested tensor", torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])),
    ("conjugated tensor", torch.tensor([1 + 2j]).conj()),
    ("negated view", torch._neg_view(torch.ones(2))),
    ("complex tensor", torch.tensor([1 + 2j])),
    ("tensor of uint16", torch.ones(2, dtype=torch.uint16)),
    ("tensor of float8", torch.ones(2).to(torch.float8_e4m3fn)),
    ("boolean tensor", torch.tensor([True])),
    ("bfloat16 tensor", torch.ones(2, dtype=torch.bfloat16)),
    ("tensor of another class", tagged()),
    ("expanded tensor", torch.ones(1).expand(1000, 1000)),
    ("empty tensor", torch.ones(0, 3)),
    ("parameter", nn.Parameter(torch.ones(2))),
    ("storage", torch.ones(2).untyped_storage()),
    ("optimizer", OPTIMIZER),
    ("state of the optimizer", OPTIMIZER.state_dict()),
    ("scheduler", scheduler()),
    ("scaler", [torch.amp.GradScaler("cpu"), torch.amp.GradScaler("cpu").state_dict()]),
    ("loss", nn.CrossEntropyLoss(weight=torch.ones(3))),
    ("layers", [nn.Sequential(nn.Linear(2, 2), nn.ReLU()), nn.ReLU]),
    ("distribution", torch.distributions.Normal(torch.zeros(1), torch.ones(1))),
    ("functions", [nn.functional.relu, torch.relu, nn.functional.gelu, torch.nn.init.kaiming_normal_]),
    ("packed sequence", nn.utils.rnn.pack_sequence([torch.ones(2)])),
    ("data set", torch.utils.data.TensorDataset(torch.ones(2))),
    ("whole network", NETWORK),
]


def situations() -> list[Situation]:
    return [
        *(saved(f"torch {name}", checkpoint(metadata={"value": value}), shown={"value": json}) for name, value, json in VALUES),
        *(saved(f"torch {name} in metadata", checkpoint(metadata={"value": value})) for name, value in READ),
        saved("torch values beside", checkpoint(**{f"value_{index}": value for index, (_, value) in enumerate(READ)})),
    ]
