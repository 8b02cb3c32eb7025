"""The AlphaZero chess network that Caissa exports, as training code defines it in PyTorch (1.13 and later)."""

import torch
from torch import nn
from torch.nn import functional


class ResidualBlock(nn.Module):
    """conv, norm, relu, conv, norm, plus the input, relu: [n, channels, 8, 8] to the same."""

    def __init__(self, channels, conv_bias):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, kernel_size=3, padding=1, bias=conv_bias)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, kernel_size=3, padding=1, bias=conv_bias)
        self.bn2 = nn.BatchNorm2d(channels)

    def forward(self, trunk):
        inner = torch.relu(self.bn1(self.conv1(trunk)))
        return torch.relu(trunk + self.bn2(self.conv2(inner)))


class ChessNetwork(nn.Module):
    """[n, 14, 8, 8] to log-probabilities of 4096 moves, [n, 4096], and a value from -1 to 1, [n, 1]."""

    def __init__(self, channels=128, blocks=6, policy_planes=32, value_planes=32, value_hidden=256, conv_bias=True):
        super().__init__()
        self.conv_input = nn.Conv2d(14, channels, kernel_size=3, padding=1, bias=conv_bias)
        self.bn_input = nn.BatchNorm2d(channels)
        self.res_blocks = nn.ModuleList(ResidualBlock(channels, conv_bias) for _ in range(blocks))
        self.policy_conv = nn.Conv2d(channels, policy_planes, kernel_size=1, bias=conv_bias)
        self.policy_bn = nn.BatchNorm2d(policy_planes)
        self.policy_fc = nn.Linear(policy_planes * 64, 4096)
        self.value_conv = nn.Conv2d(channels, value_planes, kernel_size=1, bias=conv_bias)
        self.value_bn = nn.BatchNorm2d(value_planes)
        self.value_fc1 = nn.Linear(value_planes * 64, value_hidden)
        self.value_fc2 = nn.Linear(value_hidden, 1)

    def forward(self, board):
        trunk = torch.relu(self.bn_input(self.conv_input(board)))
        for block in self.res_blocks:
            trunk = block(trunk)
        policy = torch.relu(self.policy_bn(self.policy_conv(trunk)))
        policy = functional.log_softmax(self.policy_fc(policy.flatten(start_dim=1)), dim=1)
        value = torch.relu(self.value_bn(self.value_conv(trunk)))
        value = torch.relu(self.value_fc1(value.flatten(start_dim=1)))
        return policy, torch.tanh(self.value_fc2(value))


def train(network, steps, seed):
    """Takes optimizer steps, so that weights and running statistics are no longer what they start as."""
    torch.manual_seed(seed)
    network.train()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, weight_decay=1e-4)
    for _ in range(steps):
        boards = (torch.rand(16, 14, 8, 8) < 0.1).float()
        policy, value = network(boards)
        loss = functional.nll_loss(policy, torch.randint(4096, (16,)))
        loss = loss + functional.mse_loss(value, torch.rand(16, 1) * 2 - 1)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    network.eval()
    return optimizer, loss.item()
