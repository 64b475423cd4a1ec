"""Kills at any moment of a re-extraction: what was acknowledged stands, and nothing is there by halves."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from graphsvc.service import Service
from tests.graphsvc.shops import PRODUCTS, write_products
from tests.graphsvc.test_rereading import standing
from tests.graphsvc.test_service import settings
from tests.repeated import runs

ROOT = Path(__file__).parent.parent.parent
LOOP = """
import sys
from itertools import count
from pathlib import Path
from graphsvc.history import READINGS
from graphsvc.log import Change
from graphsvc.service import Service
from tests.graphsvc.test_rereading import reading, saying, saying_in_texts
from tests.graphsvc.test_service import settings

with Service(settings(Path(sys.argv[1]))) as service:
    reader = service.reader()
    last = [one for one in service.history().readings]
    for number in count(len(last)):
        word = f"word{number}"
        texts = saying_in_texts(reader, "blog:1", word=word)
        with reading(service, saying(reader, "shop:3", "shop:4", word=word), read_texts=texts) as made:
            made.compare()
            payload = made.write()
            service.log.append(Change(READINGS, dict(payload), "re-extract", "local", str(payload["batch"])))
        print(number, flush=True)
"""


def words(service: Service) -> list[set[str]]:
    said = standing(service)
    return [{value for what, value, _ in said[name] if what == "sound"} for name in ("shop:3", "shop:4", "shop:5")]


@pytest.mark.parametrize("run", runs(2, 20))
def test_five_kills_of_extractions_leave_one_reading_whole(run: int, tmp_path: Path) -> None:
    home, drawn = tmp_path / "shop", random.Random(run)
    with Service(settings(home)) as service:
        path = write_products(tmp_path / "products.csv", PRODUCTS)
        service.ingest(str(path), asset="products", name="shop")
        service.ingest_text("It hums.", "shop:5", "blog:1")
    acknowledged = -1
    for _ in range(5):
        with subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", LOOP, str(home)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline().strip(), "the first reading was written"
            time.sleep(drawn.uniform(0, 0.5))
            process.kill()
            rest = process.stdout.read().split()
        with Service(settings(home)) as service:
            made = len(service.history().readings)
            acknowledged = max([acknowledged, *map(int, rest)])
            assert made > acknowledged
            assert words(service) == [{f"word{made - 1}"}] * 3, "products and texts of one reading"
            assert service.warehouse.batches("claims") == service.history().batches & service.warehouse.batches(
                "claims"
            )
            assert len(service.warehouse.batches("readings")) == made
            acknowledged = made - 1
