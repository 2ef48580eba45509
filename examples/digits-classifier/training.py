"""Training with early stopping: a line of log for each epoch, the best and the last checkpoint."""

from __future__ import annotations

import copy
import csv
import logging
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import model as models
import torch
from settings import BEST_CHECKPOINT, HISTORY, LAST_CHECKPOINT, RunPaths, RunSettings
from torch import Tensor, nn

if TYPE_CHECKING:
    from pathlib import Path

    from dataset import Dataset, Part

log = logging.getLogger("digits.training")


@dataclass(frozen=True)
class Epoch:
    """What one epoch came to. Losses are mean cross-entropy, accuracies fractions of 1."""

    epoch: int
    train_loss: float
    val_loss: float
    val_acc: float


@dataclass(frozen=True)
class Trained:
    """The model as it was at its best epoch, and the way there."""

    model: models.Normalised
    history: list[Epoch]
    best: Epoch
    stopped_early: bool


def logits_of(model: nn.Module, part: Part) -> Tensor:
    """Logits [N, 4] of a part's images, with dropout off."""
    model.eval()
    with torch.no_grad():
        logits: Tensor = model(torch.from_numpy(part.images))
    return logits


def train(data: Dataset, settings: RunSettings, paths: RunPaths) -> Trained:
    """Train until the validation loss has not improved for `patience` epochs; write both checkpoints."""
    torch.manual_seed(settings.seed)
    model = models.build(settings, float(data.train.images.mean()), float(data.train.images.std()))
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    _log_start(model, data, settings)
    history: list[Epoch] = []
    best, best_state = None, model.state_dict()
    for number in range(1, settings.max_epochs + 1):
        epoch = _epoch(number, model, optimiser, data, settings)
        history.append(epoch)
        if best is None or epoch.val_loss < best.val_loss:
            best, best_state = epoch, copy.deepcopy(model.state_dict())
            torch.save(_checkpoint(model, optimiser, best, settings), paths.file(BEST_CHECKPOINT))
        if number - best.epoch >= settings.patience:
            break
    if best is None:
        raise ValueError("max_epochs must be at least 1")
    checkpoint = _checkpoint(model, optimiser, history[-1], settings)
    _save_last(paths.file(LAST_CHECKPOINT), checkpoint, settings)
    _write_history(paths, history)
    model.load_state_dict(best_state)
    return Trained(model, history, best, history[-1].epoch - best.epoch >= settings.patience)


def _epoch(
    number: int,
    model: models.Normalised,
    optimiser: torch.optim.Optimizer,
    data: Dataset,
    settings: RunSettings,
) -> Epoch:
    train_loss = _pass_over(model, optimiser, data.train, settings.batch_size)
    logits, labels = logits_of(model, data.val), torch.from_numpy(data.val.labels)
    val_loss = nn.functional.cross_entropy(logits, labels).item()
    val_acc = (logits.argmax(1) == labels).double().mean().item()
    if not math.isfinite(train_loss + val_loss):
        raise ArithmeticError(f"the loss is not finite in epoch {number}")
    log.info(
        "epoch %2d/%d train_loss=%.4f val_loss=%.4f val_acc=%.4f",
        number, settings.max_epochs, train_loss, val_loss, val_acc,
    )  # fmt: skip
    return Epoch(number, round(train_loss, 6), round(val_loss, 6), round(val_acc, 6))


def _pass_over(model: nn.Module, optimiser: torch.optim.Optimizer, part: Part, batch_size: int) -> float:
    """One pass in random order; the mean loss."""
    images, labels = torch.from_numpy(part.images), torch.from_numpy(part.labels)
    model.train()
    total = 0.0
    for rows in torch.randperm(len(part)).split(batch_size):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(model(images[rows]), labels[rows])
        loss.backward()
        optimiser.step()
        total += loss.item() * len(rows)
    return total / len(part)


def _log_start(model: nn.Module, data: Dataset, settings: RunSettings) -> None:
    log.info("run %s: seed %d, PyTorch %s, CPU, 1 thread", settings.run_id, settings.seed, torch.__version__)
    log.info("images: %d train, %d validation, %d test", len(data.train), len(data.val), len(data.test))
    log.info("model: %d parameters, batch size %d", models.parameter_count(model), settings.batch_size)


def _checkpoint(
    model: nn.Module, optimiser: torch.optim.Optimizer, epoch: Epoch, settings: RunSettings
) -> dict[str, Any]:
    """Collect only tensors and plain numbers, so that readers need no class of ours to open it."""
    return {
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": optimiser.state_dict(),
        "epoch": epoch.epoch,
        "val_acc": epoch.val_acc,
        "metrics": asdict(epoch),
        "run_id": settings.run_id,
        "seed": settings.seed,
    }


def _save_last(path: Path, checkpoint: dict[str, Any], settings: RunSettings) -> None:
    if settings.last_checkpoint_written:
        torch.save(checkpoint, path)
    else:
        path.write_bytes(b"")


def _write_history(paths: RunPaths, history: list[Epoch]) -> None:
    with paths.file(HISTORY).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(asdict(history[0])), lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(epoch) for epoch in history)
