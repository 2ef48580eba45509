"""Four classes of scikit-learn's digits, seen through a simulated noisy sensor, in three stratified parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from settings import LABELS, TEST_SET, RunPaths, RunSettings
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

if TYPE_CHECKING:
    from collections.abc import Sequence

Images = NDArray[np.float32]
Labels = NDArray[np.int64]

GREY_LEVELS = 16


@dataclass(frozen=True)
class Part:
    """Images as float32 [N, 1, 8, 8] in 0..1, the same images without noise, and labels as int64 [N]."""

    images: Images
    clean: Images
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)

    def only(self, rows: NDArray[np.int64]) -> Part:
        """The part that consists of these rows."""
        return Part(self.images[rows], self.clean[rows], self.labels[rows])


@dataclass(frozen=True)
class Dataset:
    """The three parts. `train` is what the model is really fitted to, mistakes included."""

    train: Part
    val: Part
    test: Part


def with_noise(clean: Images, sigma: float, seed: int) -> Images:
    """What the sensor shows of clean images: Gaussian noise, then 16 grey levels again."""
    noise = np.random.default_rng(seed).normal(0.0, sigma, clean.shape)
    levels = np.clip(np.rint((clean + noise) * GREY_LEVELS), 0, GREY_LEVELS)
    return (levels / GREY_LEVELS).astype(np.float32)


def load(settings: RunSettings) -> Dataset:
    """Load, add noise, split; then make the mistakes that the settings ask for."""
    digits = load_digits(n_class=len(LABELS))
    clean = (digits.images[:, None] / GREY_LEVELS).astype(np.float32)
    noisy = with_noise(clean, settings.sensor_noise, settings.seed)
    whole = Part(noisy, clean, digits.target.astype(np.int64))
    rest, test = _split(whole, settings.test_images, settings.seed)
    train, val = _split(rest, settings.val_images, settings.seed)
    train = _relabelled(train, settings.wrong_label_share, settings.seed)
    if settings.validation_in_training:
        train = _joined([train, val])
    return Dataset(train, val, test)


def save_test_set(test: Part, paths: RunPaths) -> None:
    """Write the images as the model sees them, and their labels."""
    np.savez_compressed(paths.file(TEST_SET), images=test.images, labels=test.labels)


def _split(part: Part, size: int, seed: int) -> tuple[Part, Part]:
    rows = np.arange(len(part))
    kept, taken = train_test_split(rows, test_size=size, stratify=part.labels, random_state=seed)
    return part.only(kept), part.only(taken)


def _relabelled(part: Part, share: float, seed: int) -> Part:
    wrong = np.random.default_rng(seed).random(len(part)) < share
    labels = np.where(wrong, (part.labels + 1) % len(LABELS), part.labels)
    return Part(part.images, part.clean, labels)


def _joined(parts: Sequence[Part]) -> Part:
    return Part(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.clean for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )
