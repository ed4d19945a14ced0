"""`make soak`: random uploads under random faults for a while; every report must be what it is without any."""

import argparse
import random
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta

from peewee import PeeweeException

from app.clients.storage import StorageError
from app.models.database import db
from app.models.reports import Upload
from tests.clock import pass_time
from tests.open_work import open_work
from tests.soak.plant import Plant
from tests.soak.traffic import Traffic
from tests.soak.verdict import Verdict, judge

ROUND = 15.0  # seconds of disturbance
SETTLED_WITHIN = 240.0  # seconds after a round until everything must be final
QUIET = 15.0  # seconds of settling after which waits that no setting shortens are skipped
WAKES = (("reports", "uploads.prepare"), ("uploads", "uploads.process"), ("reports", "uploads.assemble"))


class Soak:
    """Rounds of traffic and faults, each followed by a comparison of everything that was ever sent."""

    def __init__(self, plant: Plant, chance: random.Random) -> None:
        self.plant = plant
        self.chance = chance
        self.traffic = Traffic(plant.storage, plant.folder, chance)
        self.began = time.monotonic()
        self.refused = 0
        self.repeated = 0
        self.skipped = 0
        self.verdict = Verdict()

    def round(self, deadline: float) -> bool:
        """Send, disturb, wait and compare; False = something is wrong."""
        self.traffic.add_base()
        faults: list[tuple[int, Callable[[], None]]] = [
            (6, self.plant.kill),
            (2, self.plant.restart),
            (3, self.plant.purge),
            (2, self.plant.pause_storage),
            (1, self.plant.restart_broker),
            (1, self.plant.restart_database),
            (4, self.repeat),
        ]
        weights, disturbances = zip(*faults, strict=True)
        began = time.monotonic()
        end = min(deadline, began + ROUND)
        heads = self.chance.randint(1, 2)
        while (moment := time.monotonic()) < end:
            if heads and moment > began + ROUND / 2:
                self.traffic.add_heads(heads)
                heads = 0
            for _ in range(self.chance.randint(2, 8)):
                self.send()
            time.sleep(self.chance.uniform(0, 1))
            for disturb in self.chance.choices(disturbances, weights, k=2):
                disturb()
            self.plant.revive()
            self.plant.deliver_objects()
            self.sweep()
        left = self.settle()
        db.close()
        self.verdict = judge(self.traffic, self.plant.storage, self.plant.folder / "state" / "posts")
        self.verdict.differences += left
        self.report()
        return not (self.verdict.differences or self.verdict.not_final)

    def send(self) -> None:
        revision = self.chance.choice(self.traffic.targets())
        try:
            accepted = self.traffic.send(revision)
        except (StorageError, PeeweeException):
            self.refused += 1  # the producer is told, and nothing is promised
            self.recover_connection()
            return
        if self.chance.random() < 0.1:
            path = str(Upload.get_by_id(accepted.upload_id).object_path)
            self.plant.delay_object(path, self.chance.uniform(1, 12))
        if self.chance.random() < 0.9:  # some wake-ups are lost on the way
            self.plant.send("reports", "uploads.prepare", report_id=accepted.report_id)

    def repeat(self) -> None:
        """Send messages that were sent before, in any order."""
        rows = list(Upload.select(Upload.id, Upload.report).order_by(Upload.id.desc()).limit(20))
        for upload in self.chance.sample(rows, min(len(rows), 5)):
            queue, actor = self.chance.choice(WAKES)
            key = "upload_id" if actor == "uploads.process" else "report_id"
            value = upload.id if key == "upload_id" else upload.report_id
            for _ in range(2):
                self.repeated += self.plant.send(queue, actor, **{key: value})

    def sweep(self) -> None:
        """The schedule's own tick comes once a minute."""
        self.plant.send("maintenance", "maintenance.sweep")

    def settle(self) -> list[str]:
        """Wait until everything is final; return what is not, after a time in which it must be."""
        began = time.monotonic()
        skip = began + QUIET
        while time.monotonic() < began + SETTLED_WITHIN:
            self.plant.revive()
            self.plant.deliver_objects()
            self.sweep()
            try:
                if not open_work():
                    return []
                if time.monotonic() > skip:
                    pass_time(self.plant.database, timedelta(minutes=30))
                    self.skipped += 1
                    skip = time.monotonic() + QUIET
            except PeeweeException:
                self.recover_connection()
            time.sleep(1)
        return [f"not final in time: {line}" for line in open_work()]

    def recover_connection(self) -> None:
        if not db.is_closed():
            self.plant.database.manual_close()

    def report(self) -> None:
        counts = ", ".join(f"{name} {count}" for name, count in self.plant.counts.items())
        print(
            f"{time.monotonic() - self.began:.0f} s: {counts}, repeated messages {self.repeated}, waits "
            f"skipped {self.skipped}, refused uploads {self.refused}, uploads {self.verdict.uploads}, carried sessions "
            f"{self.verdict.carried}, carried too late {self.verdict.too_late}, reports compared {self.verdict.reports}, "
            f"differences {len(self.verdict.differences)}, uploads not final {self.verdict.not_final}",
            flush=True,
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("seconds", type=float, nargs="?", default=600)
    parser.add_argument("--workers", type=int, default=3, help="worker processes")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="repeats the random choices")
    given = parser.parse_args()
    print(f"seed {given.seed}", flush=True)
    chance = random.Random(given.seed)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that everything is stopped and removed
    plant = Plant(given.workers, chance)
    try:
        plant.start()
        soak = Soak(plant, chance)
        deadline = time.monotonic() + given.seconds
        sound = True
        while sound and time.monotonic() < deadline:
            sound = soak.round(deadline)
        if not sound:
            print("\n".join(soak.verdict.differences[:50]))
            print(plant.logs()[-8000:])
        for event, count in plant.errors().most_common(20):
            print(f"logged {count} times: {event[:200]}")
        print("the same as undisturbed" if sound else "DIFFERENT", flush=True)
        return 0 if sound else 1
    finally:
        plant.stop()


if __name__ == "__main__":
    sys.exit(main())
