"""Home Depot: NDCG@10 of the hybrid, untrained, against plain BM25, the whole catalogue ranked. Bound: 1.27."""

import sys

from graphsvc.evaluate.search import judge
from perf._search import absent, costs, ratio, read, shop, table

BOUND = 1.27


def main() -> int:
    if absent("homedepot"):
        return 0
    texts, grades = read("homedepot")
    with shop("homedepot", fresh=True) as service:
        found = judge(service.catalogue, texts, grades)
        table(found)
        costs(service.catalogue, texts, found.queries)
    return 0 if ratio(found, "ndcg@10", BOUND) else 1


if __name__ == "__main__":
    sys.exit(main())
