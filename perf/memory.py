"""Private memory (USS) of the service with the demo's shop loaded, after answers of every kind. Budget: 800 MB.

Neo4j is apart. Torch must not have been imported.
"""

import sys
from pathlib import Path

from perf._demo import Server, loaded, serving
from perf._verdicts import said

BUDGET_MB = 800
QUERIES = ("milk", "choclate bar", "保温杯", "frozen pizza", "dog food", "")


def main() -> int:
    with serving(loaded()) as server:
        for query in QUERIES * 5:
            found = ask(server, query)
        for shopper in range(1, 40):
            server.ask("query($s: String) { recommendations(shopperId: $s) { edges { node { id } } } }", s=str(shopper))
        used = private_mb(server.process.pid)
        torch = "libtorch" in Path(f"/proc/{server.process.pid}/maps").read_text("utf-8")
    held = used <= BUDGET_MB and not torch
    print(f"last answer had {found} matches; torch imported: {torch}")
    print(f"USS {used:.0f} MB, budget {BUDGET_MB} MB: {said(held)}")
    return 0 if held else 1


def ask(server: Server, query: str) -> int:
    text = 'query($q: String!) { search(query: $q, facets: ["*"]) { totalCount edges { node { id title } } } }'
    return int(server.ask(text, q=query)["search"]["totalCount"])


def private_mb(pid: int) -> float:
    """Unique set size: pages that no other process shares, Private_Clean + Private_Dirty of smaps_rollup."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


if __name__ == "__main__":
    sys.exit(main())
