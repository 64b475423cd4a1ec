import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from graphsvc.models import Registry
from graphsvc.service import Service
from graphsvc.settings import Settings
from tests.repeated import runs

LIVES = 5  # the last one goes on until a model was removed
ROOT = Path(__file__).parent.parent.parent
BETWEEN = """
import os, signal, sys
from pathlib import Path
from graphsvc.log import WriteLog
from graphsvc.models import Registry
from graphsvc.shop import Shop
from tests.graphsvc.model_files import card, write_model

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

home = Path(sys.argv[1])
shop = Shop.open(home / "shop")
registry = Registry(shop, WriteLog(shop.log))
print(registry.add(write_model(home / "kept", "kept"), card()), flush=True)
WriteLog.append = die
registry.add(write_model(home / "lost", "never acknowledged"), card())
"""
LOOP = """
import sys
from itertools import count
from pathlib import Path
from graphsvc.log import WriteLog
from graphsvc.models import Registry
from graphsvc.shop import Shop, WriterLock
from tests.graphsvc.model_files import card, write_model

home, life = Path(sys.argv[1]), sys.argv[2]
shop = Shop.open(home / "shop")
lock = WriterLock(shop, "a test")
registry = Registry(shop, WriteLog(shop.log))
registry.sweep()
for number in count():
    version = registry.add(write_model(home / "trained", f"{life}-{number}" * 1000), card())
    print("added", version, flush=True)
    registry.promote("mentions", version)
    print("promoted", version, flush=True)
    if number % 3 == 2:
        before = registry.versions()[-2].version
        print("removing", before, flush=True)
        registry.remove("mentions", before)
        print("removed", before, flush=True)
"""


def test_a_kill_between_the_copy_and_the_entry_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BETWEEN, str(tmp_path)], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == -9, done.stderr
    models = tmp_path / "shop" / "models" / "mentions"
    assert len(list(models.iterdir())) == 2
    with Service(Settings(home=tmp_path / "shop")) as service:  # its start sweeps what no entry names
        assert [path.name for path in models.iterdir()] == done.stdout.split()
        assert service.registry.damaged() == []
        service.registry.path("mentions", done.stdout.strip())


@pytest.mark.parametrize("run", runs(2, 20))
def test_five_kills_of_promotions_lose_nothing_that_was_acknowledged(run: int, tmp_path: Path) -> None:
    drawn = random.Random(run)
    said: list[list[str]] = []
    for life in range(LIVES):
        with subprocess.Popen(
            [sys.executable, "-c", LOOP, str(tmp_path), str(life)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            said.append(process.stdout.readline().split())
            while life == LIVES - 1 and said[-1][0] != "removed":
                said.append(process.stdout.readline().split())
            time.sleep(drawn.uniform(0, 0.3))
            process.kill()
            said += [line.split() for line in process.stdout.read().splitlines() if len(line.split()) == 2]
        assert process.returncode == -9
        with Service(Settings(home=tmp_path / "shop")) as service:
            check(service.registry, said, tmp_path / "shop" / "models" / "mentions")
    assert {action for action, _ in said} == {"added", "promoted", "removing", "removed"}


def check(registry: Registry, said: list[list[str]], folder: Path) -> None:
    """What was said is so; the last step that was not said may have happened or not."""
    added, promoted, removing, removed = (
        [version for done, version in said if done == action] for action in ("added", "promoted", "removing", "removed")
    )
    there = {card.version for card in registry.versions()}
    assert set(added) - set(removing) <= there
    assert not set(removed) & there
    assert {path.name for path in folder.iterdir()} == there
    assert registry.damaged() == []
    namings = [naming.version for naming in registry.ledger().namings]
    assert set(promoted) <= set(namings)
    if promoted:
        assert registry.path("mentions", "production").name == namings[-1]
        assert namings[-1] in (promoted[-1], added[-1]) or namings[-1] not in added
