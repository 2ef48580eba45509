"""Smoke tests: does the service keep its contract? One request or two each, recorded as JUnit."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from settings import LABELS, RunSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from dataset import Part

BATCH = 16


class SmokeError(Exception):
    """The service answered otherwise than its contract says."""


@dataclass(frozen=True)
class Case:
    """One test's result; `failure` is empty when it passed."""

    name: str
    duration_s: float
    failure: str


@dataclass(frozen=True)
class Client:
    """Speaks JSON with the service."""

    port: int

    def call(self, method: str, path: str, body: bytes | None = None) -> tuple[int, dict[str, Any]]:
        """Status and content of one answer."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        content = json.loads(response.read())
        connection.close()
        return response.status, content

    def predict(self, images: list[Any]) -> tuple[int, dict[str, Any]]:
        """The answer to `POST /predict`."""
        return self.call("POST", "/predict", json.dumps({"images": images}).encode())


def run(port: int, test: Part) -> list[Case]:
    """Run every case against the service on this port."""
    client, images = Client(port), test.images[:BATCH, 0].tolist()
    return [_run_one(case, client, images) for case in CASES]


def junit(cases: list[Case], settings: RunSettings) -> bytes:
    """The cases as a JUnit document."""
    totals = {
        "tests": len(cases),
        "failures": sum(bool(case.failure) for case in cases),
        "errors": 0,
        "skipped": 0,
    }
    seconds = sum(case.duration_s for case in cases)
    attributes = {name: str(value) for name, value in totals.items()} | {"time": f"{seconds:.3f}"}
    root = ET.Element("testsuites", attributes)
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    suite = ET.SubElement(
        root, "testsuite", {"name": "staging smoke tests", "timestamp": moment} | attributes
    )
    properties = ET.SubElement(suite, "properties")
    ET.SubElement(properties, "property", name="run_id", value=settings.run_id)
    for case in cases:
        row = {"classname": "staging.smoke", "name": case.name, "time": f"{case.duration_s:.4f}"}
        element = ET.SubElement(suite, "testcase", row)
        if case.failure:
            ET.SubElement(element, "failure", message=case.failure)
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _run_one(case: Callable[[Client, list[Any]], None], client: Client, images: list[Any]) -> Case:
    start, failure = time.perf_counter(), ""
    try:
        case(client, images)
    except (SmokeError, OSError, ValueError, KeyError) as problem:
        failure = f"{type(problem).__name__}: {problem}"
    return Case(case.__name__.removeprefix("_"), time.perf_counter() - start, failure)


def _expect(observed: object, expected: object) -> None:
    if observed != expected:
        raise SmokeError(f"expected {expected!r}, got {observed!r}")


def _health_is_healthy(client: Client, _images: list[Any]) -> None:
    status, content = client.call("GET", "/health")
    _expect((status, content["status"]), (HTTPStatus.OK, "healthy"))


def _one_image_gets_probabilities(client: Client, images: list[Any]) -> None:
    status, content = client.predict(images[:1])
    (prediction,) = content["predictions"]
    _expect((status, len(prediction["probabilities"])), (HTTPStatus.OK, len(LABELS)))
    _expect(round(sum(prediction["probabilities"]), 3), 1.0)
    _expect(prediction["label"] in LABELS, expected=True)


def _batch_answers_in_order(client: Client, images: list[Any]) -> None:
    whole = client.predict(images)[1]
    singles = [client.predict([image])[1]["predictions"][0]["label"] for image in images]
    _expect([prediction["label"] for prediction in whole["predictions"]], singles)


def _same_image_gets_same_answer(client: Client, images: list[Any]) -> None:
    _expect(client.predict(images[:1])[1], client.predict(images[:1])[1])


def _wrong_shape_is_refused(client: Client, images: list[Any]) -> None:
    status, content = client.predict([images[0][:7]])
    _expect((status, "error" in content), (HTTPStatus.UNPROCESSABLE_ENTITY, True))


def _values_out_of_range_are_refused(client: Client, images: list[Any]) -> None:
    status, _ = client.predict([[[value * 16 + 2 for value in row] for row in images[0]]])
    _expect(status, HTTPStatus.UNPROCESSABLE_ENTITY)


def _text_instead_of_json_is_refused(client: Client, _images: list[Any]) -> None:
    status, _ = client.call("POST", "/predict", b"three")
    _expect(status, HTTPStatus.BAD_REQUEST)


def _unknown_path_is_not_found(client: Client, _images: list[Any]) -> None:
    status, _ = client.call("GET", "/models")
    _expect(status, HTTPStatus.NOT_FOUND)


CASES: tuple[Callable[[Client, list[Any]], None], ...] = (
    _health_is_healthy,
    _one_image_gets_probabilities,
    _batch_answers_in_order,
    _same_image_gets_same_answer,
    _wrong_shape_is_refused,
    _values_out_of_range_are_refused,
    _text_instead_of_json_is_refused,
    _unknown_path_is_not_found,
)
