"""Spoils every write of every scene, one at a time, and looks at what is left."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

from tests.faults import children, consistent, rules, strace, world
from tests.faults.place import Place
from tests.faults.scenes import SCENES, Scene
from tests.faults.strace import FAULTS, NAMES, Call, Point

REPEATS = 3  # an act may need a second try: what came before the fault may be in its way


@dataclass(slots=True)
class Swept:
    """What a scene's sweep found. `ends` counts how the disturbed acts ended."""

    scene: str
    points: int = 0
    reached: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        ends = ", ".join(f"{count} {how}" for how, count in sorted(self.ends.items()))
        return (
            f"{self.scene}: {self.reached} of {self.points} points reached ({ends}); {len(self.wrong)} wrong"
        )


def prepare(place: Place) -> None:
    """Build the beginning of every scene, once."""
    children.fresh(lambda: world.build(place.live))
    place.keep("beginning")


def points(place: Place, name: str, scene: Scene, begun: str) -> tuple[list[Point], list[str]]:
    """Every point of a scene, from one undisturbed run of it, and the rules that this run broke."""
    log = place.home / f"{name}.trace"
    place.put_back(begun)
    ended = children.fork(scene.act, strace.attach(log))
    if ended.broke or ended.refused or ended.signal:
        return [], [f"{name} does not work undisturbed: {ended}"]
    calls = [call for call in strace.calls(log) if _counts(call, place)]
    found = {Point(call.name, call.nth, fault) for call in calls for fault in FAULTS}
    return sorted(found), rules.broken(strace.calls(log), place.live)


def _counts(call: Call, place: Place) -> bool:
    if call.name in NAMES and "open" in call.name and not call.creates:
        return False
    return call.name != "sync" and any(path.startswith(str(place.live)) for path in call.paths)


def sweep(place: Place, name: str, scene: Scene, *, most: int = 0, until: float = 0.0) -> Swept:
    """Disturb a scene at every point, or at `most` of them, chosen by chance but always alike."""
    begun, swept = f"{name}.begun", Swept(name)
    place.put_back("beginning")
    children.fresh(scene.before)
    place.keep(begun)
    every, swept.wrong = points(place, name, scene, begun)
    for point in _some(every, most) if 0 < most < len(every) else every:
        if until and time.monotonic() > until:
            break
        swept.points += 1
        place.put_back(begun)
        swept.wrong += [f"{point}: {problem}" for problem in _disturbed(place, scene, point, swept)]
    return swept


def _some(every: list[Point], most: int) -> list[Point]:
    """By chance, but always alike, and of each call and fault as many as of every other."""
    shuffled = random.Random(len(every)).sample(every, len(every))
    seen = Counter[tuple[str, str]]()
    ranked = list[tuple[int, Point]]()
    for point in shuffled:
        seen[point.call, point.fault] += 1
        ranked.append((seen[point.call, point.fault], point))
    return [point for _, point in sorted(ranked, key=lambda pair: pair[0])[:most]]


def _disturbed(place: Place, scene: Scene, point: Point, swept: Swept) -> Iterator[str]:
    log = place.home / "point.trace"
    log.unlink(missing_ok=True)
    ended = children.fork(scene.act, strace.attach(log, point))
    swept.reached += strace.spoiled(log)
    if ended.broke:
        yield f"no clear error: {ended.broke}"
    swept.ends["killed" if ended.signal else "refused" if ended.refused else "done"] += 1
    yield from children.fresh(consistent.problems)
    for _ in range(REPEATS):
        if children.fork(scene.done).said:
            break
        again = children.fork(scene.act)
        if again.broke or again.refused:
            yield f"cannot be repeated: {again.refused or again.broke}"
            return
    else:
        yield "repeated, it is not done"
    yield from children.fresh(consistent.problems)


@cache
def scenes() -> dict[str, Scene]:
    """The scenes by name."""
    return SCENES


def chosen(names: Iterable[str]) -> dict[str, Scene]:
    """Those that are named, or all."""
    wanted = set(names)
    return {name: scene for name, scene in scenes().items() if not wanted or name in wanted}
