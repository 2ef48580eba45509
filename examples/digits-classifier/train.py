"""Train, test, export, stage and document one run of the digits classifier.

    python train.py --out DIRECTORY [--regressed]

Writes everything that the 24-item checklist looks at. The same seed gives the same model; times of day,
latencies and load figures are measured and differ from run to run.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

import dataset
import documents
import evaluation
import export
import rehearsal
import report
import torch
import training
from settings import BEST_CHECKPOINT, GOOD, LAST_CHECKPOINT, LOG, REGRESSED, RunPaths, RunSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger("digits")


class IsoFormatter(logging.Formatter):
    """Time with offset, level, text."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(record.created))
        return f"{moment} {record.levelname} {record.getMessage()}"


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="directory that receives the run")
    parser.add_argument("--regressed", action="store_true", help="run with the settings that go wrong")
    options = parser.parse_args()
    handler = logging.StreamHandler()
    handler.setFormatter(IsoFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    run(REGRESSED if options.regressed else GOOD, RunPaths(options.out.resolve()))


def run(settings: RunSettings, paths: RunPaths) -> None:
    """The whole run, step by step."""
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)
    data = dataset.load(settings)
    trained = train_with_log(data, settings, paths)
    dataset.save_test_set(data.test, paths)
    evaluated = evaluation.evaluate(trained, data, settings)
    report.write(evaluated, settings, paths)
    export.export(trained.model, settings, paths)
    measured = export.measure(data.test, paths)
    staged = rehearsal.rehearse(data.test, settings, paths)
    documents.write(documents.Facts(settings, data, trained, evaluated, measured, staged), paths)
    log.info("written: run %s", settings.run_id)


def train_with_log(data: dataset.Dataset, settings: RunSettings, paths: RunPaths) -> training.Trained:
    """Train; what is logged meanwhile also goes to the run's training log."""
    with log_file(paths):
        start = time.monotonic()
        trained = training.train(data, settings, paths)
        how = "early stopped at" if trained.stopped_early else "reached"
        last, best = trained.history[-1], trained.best
        log.info(
            "Training complete: %s epoch %d of %d after %.1f s",
            how, last.epoch, settings.max_epochs, time.monotonic() - start,
        )  # fmt: skip
        log.info("best epoch %d val_loss=%.4f val_acc=%.4f", best.epoch, best.val_loss, best.val_acc)
        log.info("checkpoints: %s, %s", BEST_CHECKPOINT, LAST_CHECKPOINT)
    return trained


@contextlib.contextmanager
def log_file(paths: RunPaths) -> Iterator[None]:
    """Send this program's log to the training log while the block runs."""
    handler = logging.FileHandler(paths.file(LOG), mode="w", encoding="utf-8")
    handler.setFormatter(IsoFormatter())
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)
        handler.close()


if __name__ == "__main__":
    main()
