"""Write the two runs of this folder: the data that was validated, and a model that was trained on it.

    python make.py

Needs Python only. Everything is drawn from one seed, so that the same files come out on every machine.
The decision, the audit and the hashes are then written by `readiness` itself (see examples/README.md).
"""

from __future__ import annotations

import csv
import json
import math
import random
from pathlib import Path

HERE = Path(__file__).resolve().parent
SEED, TRAIN_ROWS, EVAL_ROWS = 20260301, 600, 200
COLUMNS = ("customer", "month", "tenure_months", "monthly_charge", "support_calls", "plan", "churned")
PLANS = {"basic": 0.9, "plus": 0.0, "business": -0.8}
SETTINGS = {"learning_rate": 0.05, "epochs": 200, "l2": 0.001}
Row = dict[str, str]


def main() -> None:
    """Draw the customers, write the validation run, train on it, write the training run."""
    draw = random.Random(SEED)
    train = [customer(draw, number, "2026-01") for number in range(TRAIN_ROWS)]
    later = [customer(draw, TRAIN_ROWS + number, "2026-02") for number in range(EVAL_ROWS)]
    write_validation(HERE / "validation", train, later)
    write_training(HERE / "training", train, later)


def customer(draw: random.Random, number: int, month: str) -> Row:
    """One customer; who calls support often and pays much leaves more often."""
    tenure, calls = draw.randrange(1, 73), min(9, int(draw.expovariate(0.6)))
    charge, plan = round(draw.uniform(15, 95), 2), draw.choice(list(PLANS))
    leaning = -1.2 - 0.045 * tenure + 0.03 * (charge - 50) + 0.75 * calls + PLANS[plan]
    churned = draw.random() < 1 / (1 + math.exp(-leaning))
    values = (f"C{number:05d}", month, tenure, f"{charge:.2f}", calls, plan, int(churned))
    return {name: str(value) for name, value in zip(COLUMNS, values, strict=True)}


def write_validation(folder: Path, train: list[Row], later: list[Row]) -> None:
    """Tables, their manifest and the environment. Hashes, audit and decision are written by `readiness`."""
    write_table(folder / "data" / "train.csv", train)
    write_table(folder / "data" / "eval.csv", later)
    write_json(
        folder / "manifest.json",
        {
            "run_id": "churn_validation_20260301",
            "timestamp": "2026-03-01T06:00:00+00:00",
            "version": "1.0",
            "contracts": [
                {"name": "completeness_train", "min_row_count": 500, "max_null_ratio": 0.01},
                {"name": "completeness_eval", "min_row_count": 100, "max_null_ratio": 0.01},
            ],
            "datasets": [{"path": "data/train.csv"}, {"path": "data/eval.csv"}],
        },
    )
    write_json(folder / "environment.json", environment())


def write_training(folder: Path, train: list[Row], later: list[Row]) -> None:
    """A logistic regression: its settings, weights and what it is worth on the later month."""
    weights = fit([(features(row), int(row["churned"])) for row in train])
    write_json(folder / "model" / "weights.json", {"weights": [round(w, 6) for w in weights]})
    write_json(folder / "eval" / "eval_results.json", evaluation(weights, train, later))
    lines = [f"seed: {SEED}", "model: logistic regression", "training:"]
    lines += [f"  {name}: {value}" for name, value in SETTINGS.items()]
    (folder / "config.yaml").write_text("\n".join([*lines, ""]), encoding="utf-8")
    meta = {
        "run_id": "churn_training_20260301",
        "timestamp": "2026-03-01T07:00:00+00:00",
        "status": "completed",
    }
    write_json(folder / "run_meta.json", meta | {"seed": SEED, "rows": len(train)})
    write_json(folder / "environment.json", environment())


def features(row: Row) -> list[float]:
    """The inputs of the model, each roughly between -2 and 2, and a one for the bias."""
    plans = [float(row["plan"] == plan) for plan in PLANS]
    numbers = (int(row["tenure_months"]) - 36) / 20, (float(row["monthly_charge"]) - 55) / 23
    return [1.0, *numbers, (int(row["support_calls"]) - 1.5) / 1.5, *plans]


def fit(rows: list[tuple[list[float], int]]) -> list[float]:
    """Weights by stochastic gradient descent, in an order that the seed decides."""
    draw, weights = random.Random(SEED), [0.0] * len(rows[0][0])
    for _ in range(SETTINGS["epochs"]):
        draw.shuffle(rows)
        for inputs, label in rows:
            error = chance(weights, inputs) - label
            for place, value in enumerate(inputs):
                weights[place] -= (
                    SETTINGS["learning_rate"] / 10 * (error * value + SETTINGS["l2"] * weights[place])
                )
    return weights


def chance(weights: list[float], inputs: list[float]) -> float:
    """The model's probability that the customer leaves."""
    return 1 / (1 + math.exp(-sum(w * x for w, x in zip(weights, inputs, strict=True))))


def evaluation(weights: list[float], train: list[Row], later: list[Row]) -> dict:
    """Accuracy and F1 on the later month, beside always saying what most did in the training month."""
    truth = [int(row["churned"]) for row in later]
    usual = int(sum(int(row["churned"]) for row in train) * 2 > len(train))
    return {
        "metrics": scores(truth, [int(chance(weights, features(row)) >= 0.5) for row in later]),
        "baseline": scores(truth, [usual] * len(later)),
        "rows": len(later),
    }


def scores(truth: list[int], said: list[int]) -> dict[str, float]:
    """Accuracy and F1 of the customers that leave."""
    hits = sum(t and s for t, s in zip(truth, said, strict=True))
    right = sum(t == s for t, s in zip(truth, said, strict=True))
    return {
        "accuracy": round(right / len(truth), 4),
        "f1": round(2 * hits / ((sum(truth) + sum(said)) or 1), 4),
    }


def environment() -> dict:
    """What it takes to do it again."""
    return {"seed": SEED, "python": "3.11", "packages": {}, "note": "standard library only"}


def write_table(path: Path, rows: list[Row]) -> None:
    """One CSV file with a header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_json(path: Path, content: dict) -> None:
    """Indented, with a line end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
