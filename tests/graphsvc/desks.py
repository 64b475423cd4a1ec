"""A shop that takes deliveries, as the service holds it."""

from pathlib import Path
from typing import Any

import pyarrow as pa

from graphsvc.delivery import Delivery, Receiver, Report
from graphsvc.history import read_history
from graphsvc.log import WriteLog
from graphsvc.shop import Shop, WriterLock
from graphsvc.vault import Vault
from graphsvc.warehouse.quarantine import list_refused
from graphsvc.warehouse.tables import Warehouse
from tests.graphsvc.shops import write_products, write_rows

SHOPIFY = ["Handle", "Title", "Variant SKU", "Variant Price", "Published", "Status"]


class Desk:
    """One shop with its writer's lock, as the service holds it."""

    def __init__(self, home: Path) -> None:
        self.shop = Shop.open(home)
        self.lock = WriterLock(self.shop, "a test")
        self.log = WriteLog(self.shop.log)
        self.warehouse = Warehouse(self.shop.warehouse)
        self.vault = Vault(self.shop.vault, self.shop.secret("pseudonyms").encode())
        self.receiver = Receiver(self.shop, self.log, self.warehouse, self.vault)

    def take(self, *paths: Path, name: str = "shop", **options: Any) -> Report:
        report = self.receiver.receive(Delivery(tuple(map(str, paths)), name=name, **options))
        counts = report.batch.counts
        assert counts.read == counts.accepted + counts.unchanged + counts.quarantined
        return report

    def retry(self, asset: str = "products") -> Report:
        return self.receiver.retry("shop", asset)

    def products(self) -> dict[str, dict[str, Any]]:
        found = read_history(self.log).current_products(self.warehouse)
        return {row["key"]: row for row in found.to_pylist()}

    def held(self) -> pa.Table:
        history = read_history(self.log)
        return list_refused(self.warehouse, history.order, rows=history.rows.get("quarantine"))

    def refused(self) -> list[dict[str, Any]]:
        return list(self.held().to_pylist())

    def is_empty(self) -> bool:
        """Whether nothing has happened: no entry, and no batch that an entry would have to name."""
        tables = ("products", "raw", "quarantine", "changes", "claims")
        return self.log.head() == 0 and not any(self.warehouse.batches(table) for table in tables)

    def close(self) -> None:
        self.log.close()
        self.vault.close()
        self.lock.release()


def one(key: str = "1", title: str = "Mug", price: str = "5.00", description: str = "") -> list[str]:
    return [key, title, "Quill", "Home > Cups", price, "black", description]


def many(path: Path, count: int, price: str = "5.00") -> Path:
    return write_products(path, [one(str(n), f"Mug {n}", price if n == 1 else "3.50") for n in range(1, count + 1)])


def shopify(path: Path, *rows: tuple[str, str, str]) -> Path:
    """An export: handle, Published and Status of each product."""
    return write_rows(
        path, [[key, f"Mug {key}", f"sku-{key}", "9.00", seen, status] for key, seen, status in rows], SHOPIFY
    )
