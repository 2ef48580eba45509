"""Metrics in the YAML front matter of a Hugging Face model card: `model-index.accuracy`.

The format is huggingface/hub-docs `modelcard.md`: model-index is a list of models with results, each with
task, dataset and metrics {type, name, value}.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from readiness.engine.errors import BadContent, NotFound
from readiness.engine.readers import data, documents, plain_yaml

INDEX, FRONT = "model-index.", "front-matter."


def read(text: str, key: str, file: str) -> Any:
    """`model-index.<metric>` or `model-index.<dataset>.<metric>`, by type or name; `front-matter.<key>`.

    Raises NotFound, and BadContent where several results give different values.
    """
    front = documents.front_matter(text)
    loaded = plain_yaml.parse(front, f"{file} (front matter)") if front else None
    if not isinstance(loaded, Mapping):
        raise NotFound(
            f"{file} has no YAML front matter.", "Begin the model card with it, between --- lines."
        )
    if key.startswith(FRONT):
        return data.lookup(loaded, key.removeprefix(FRONT), f"{file} (front matter)")
    wanted = key.removeprefix(INDEX).casefold()
    stated = list(_metrics(loaded.get("model-index"), file))
    found = [(dataset, value) for dataset, names, value in stated if wanted in _spellings(dataset, names)]
    if not found:
        known = ", ".join(f"{dataset[0]}.{names[0]}" for dataset, names, _ in stated if dataset and names)
        raise NotFound(f"{file} has no {key} in its model-index.", f"It has: {known[:300]}." if known else "")
    if any(value != found[0][1] for _, value in found):
        places = ", ".join(
            f"{value} ({dataset[0] if dataset else 'no dataset'})" for dataset, value in found[:3]
        )
        raise BadContent(
            f"{file} gives {key} as {places[:200]}.", f"Name the dataset: `{INDEX}<dataset>.<metric>`."
        )
    return found[0][1]


def _metrics(index: Any, file: str) -> Iterator[tuple[list[str], list[str], Any]]:
    for model in _objects(index, f"{file} · model-index"):
        for result in _objects(model.get("results"), f"{file} · model-index · results"):
            dataset = _names(result.get("dataset"))
            for metric in _objects(result.get("metrics"), f"{file} · model-index · metrics"):
                yield dataset, _names(metric), metric.get("value")


def _objects(listed: Any, where: str) -> list[Mapping[str, Any]]:
    if listed is None:
        return []
    if not isinstance(listed, list) or not all(isinstance(entry, Mapping) for entry in listed):
        raise BadContent(f"{where} is not a list of objects.", "Write it as the model card's format asks.")
    return listed


def _names(entry: Any) -> list[str]:
    stated = (entry.get("type"), entry.get("name")) if isinstance(entry, Mapping) else ()
    return [str(name) for name in stated if name is not None]


def _spellings(dataset: list[str], names: list[str]) -> set[str]:
    own = {name.casefold() for name in names}
    return own | {f"{place.casefold()}.{name}" for place in dataset for name in own}
