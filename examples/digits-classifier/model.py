"""The network: two small convolutions, and the normalisation it is trained behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from settings import LABELS
from torch import Tensor, nn

if TYPE_CHECKING:
    from settings import RunSettings


class DigitsNet(nn.Module):
    """Normalised images [N, 1, 8, 8] to logits [N, 4]."""

    def __init__(self, channels: int, dropout: float) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, channels, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(channels, 2 * channels, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Dropout(dropout), nn.Linear(8 * channels, len(LABELS)))

    def forward(self, image: Tensor) -> Tensor:
        """Logits, one row for each image."""
        logits: Tensor = self.head(self.features(image))
        return logits


class Normalised(nn.Module):
    """A network together with the normalisation of its training images: raw 0..1 images to logits."""

    mean: Tensor
    std: Tensor

    def __init__(self, network: DigitsNet, mean: float, std: float) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("std", torch.tensor(std))

    def forward(self, image: Tensor) -> Tensor:
        """Logits, one row for each image."""
        logits: Tensor = self.network((image - self.mean) / self.std)
        return logits


def build(settings: RunSettings, mean: float, std: float) -> Normalised:
    """A fresh network with the settings' size."""
    return Normalised(DigitsNet(settings.channels, settings.dropout), mean, std)


def parameter_count(model: nn.Module) -> int:
    """How many numbers training may change."""
    return sum(parameter.numel() for parameter in model.parameters())
