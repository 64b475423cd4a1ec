"""The invented marketplace: enough of it, written and not made, with the dirt that its README says and no other."""

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from stdnum import ean

from graphsvc.history import History
from graphsvc.ingest import Importer, PreparedBatch, Request
from graphsvc.sources import open_source
from graphsvc.vault import Vault
from graphsvc.warehouse.quarantine import list_refused
from graphsvc.warehouse.tables import Warehouse

DEMO = Path(__file__).parent.parent / "demo"
FIELDS: dict[str, tuple[str, str, str]] = {  # file → source, asset, field=column (or one word for both)
    "harbour.csv": (
        "harbour", "products",
        "key=item_id title brand category price stock gtin=ean attributes.color=color attributes.material=material"
        " attributes.size=size description",
    ),
    "lingnan.csv": (
        "lingnan", "products",
        "key=商品编号 title=商品名称 brand=品牌 category=类目 price=售价 stock=库存 gtin=条码 attributes.颜色=颜色"
        " attributes.材质=材质 attributes.规格=规格 description=详情",
    ),
    "reviews.jsonl": ("marketplace", "reviews", "key=review_id product shopper=user rating title text time"),
    "events.csv": ("marketplace", "events", "time shopper session kind=event product quantity value basket"),
}  # fmt: skip
# Names that a reader would take for the real thing; none may stand anywhere in the data.
REAL = """
    ikea tefal tramontina zwilling wusthof bodum chemex hario delonghi nespresso philips bosch siemens braun dyson
    irobot roomba ecovacs roborock xiaomi huawei oppo vivo honor apple iphone ipad macbook samsung galaxy google
    pixel lenovo dell asus acer logitech razer anker ugreen belkin baseus sony bose sennheiser beats jbl jabra sonos
    nintendo playstation xbox steam sandisk kingston seagate toshiba gopro canon nikon fujifilm instax kindle amazon
    alexa tuya aqara fitbit garmin loreal lancome nivea neutrogena cerave cetaphil olay shiseido innisfree laneige
    maybelline revlon clinique dior chanel gillette colgate oral-b listerine dove pantene tresemme dupont tupperware
    lego disney 小米 华为 苹果 三星 美的 格力 海尔 苏泊尔 九阳 膳魔师 象印 索尼 罗技 欧莱雅 兰蔻 雅诗兰黛 完美日记
    花西子 薇诺娜 珀莱雅 百雀羚 云南白药 舒客 飞科 淘宝 京东 拼多多 滴滴 微博 任天堂
"""


@dataclass(frozen=True)
class Fields:
    columns: Mapping[str, str]
    fingerprint: str = "written out"

    def column_of(self, name: str) -> str | None:
        return self.columns.get(name)

    def apply(self, batch: pa.RecordBatch) -> pa.Table:
        return pa.table({field: batch.column(column) for field, column in self.columns.items()})


@dataclass(frozen=True)
class Fault:
    file: str
    line: int
    id: str
    does: str
    what: str


class Imported:
    """Every file through the real import, in the order of the demo."""

    def __init__(self, home: Path) -> None:
        self.done: dict[str, PreparedBatch] = {}
        warehouse = Warehouse(home / "warehouse")
        vault = Vault(home / "vault.db", b"k" * 32)
        payloads: list[Mapping[str, Any]] = []
        for file, (name, asset, fields) in FIELDS.items():
            importer = Importer(warehouse, vault, home / "contracts", open_source, lambda s, a, f=fields: mapping(f))  # type: ignore[misc]
            request = Request([str(DEMO / file)], asset, name, History.of_imports(payloads))
            self.done[file] = importer.prepare(request)
            payloads.append(self.done[file].payload)
        batches = [payload["batch"] for payload in payloads]
        self.rows: dict[str, list[dict[str, Any]]] = {}
        with warehouse.connection() as connection:
            for table in ("products", "reviews", "events", "changes", "raw"):
                warehouse.view(connection, table, batches)
                self.rows[table] = connection.sql(f"SELECT * FROM {table}").to_arrow_table().to_pylist()
        self.refused = list_refused(warehouse, batches).to_pylist()


def mapping(fields: str) -> Fields:
    pairs = [field.split("=") for field in fields.split()]
    return Fields({pair[0]: pair[-1] for pair in pairs})


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    return Imported(tmp_path_factory.mktemp("marketplace"))


@pytest.fixture(scope="module")
def faults() -> list[Fault]:
    rows = re.findall(
        r"^\| (\S+) \| (\d+) \| (\S*) ?\| .* \| (refused|repaired|kept): (.*) \|$",
        (DEMO / "README.md").read_text("utf-8"),
        re.MULTILINE,
    )
    return [Fault(file, int(line), key, does, what) for file, line, key, does, what in rows]


def rows_of(file: str) -> list[list[str]]:
    with (DEMO / file).open(newline="", encoding="utf-8-sig") as stream:
        return list(csv.reader(stream))[1:]


def overlap() -> dict[str, str]:
    return {pair[0]: pair[1] for pair in rows_of("overlap.csv")}


def test_there_is_enough_and_the_suppliers_overlap_by_a_third(imported: Imported) -> None:
    keys = {row[0] for file in ("harbour.csv", "lingnan.csv") for row in rows_of(file) if row[0]}
    pairs = overlap()
    assert len(set(pairs.values())) == len(pairs)
    assert keys >= {*pairs, *pairs.values()}
    things = len(keys) - len(pairs)
    assert things >= 300
    assert 0.28 < len(pairs) / things < 0.38
    assert len(imported.rows["products"]) >= 450
    languages = [row["language"] for row in imported.rows["products"]]
    assert min(languages.count("en"), languages.count("zh")) >= 200


def test_the_import_refuses_what_the_table_of_dirt_says_and_nothing_else(
    imported: Imported, faults: list[Fault]
) -> None:
    refused = {(row["file"], row["line"], row["rule"]) for row in imported.refused}
    assert refused == {(fault.file, fault.line, fault.what) for fault in faults if fault.does == "refused"}


def test_the_import_repairs_what_the_table_of_dirt_says(imported: Imported, faults: list[Fault]) -> None:
    changed = {(row["file"], row["line"], row["field"], rule)
               for row in imported.rows["changes"] for rule in row["rule"].split("+")}  # fmt: skip
    raw = {(row["file"], row["line"]): row["row"] for row in imported.rows["raw"]}
    for fault in faults:
        field, _, rule = fault.what.partition(" ")
        if fault.does == "repaired" and field == "pseudonym":
            assert f"[{rule}:" in raw[fault.file, fault.line], fault
        elif fault.does == "repaired":
            assert (fault.file, fault.line, field, rule) in changed, fault
    wrong = {"encoding", "markup", "control", "width", "gtin_check_digit"}
    assert {change[:2] for change in changed if change[3] in wrong} <= {(fault.file, fault.line) for fault in faults}


def test_units_gone_odd_are_kept_as_written(imported: Imported) -> None:
    sizes = {row["key"]: row["attributes"][-1] for row in imported.rows["products"] if row["attributes"]}
    assert (sizes["HB-1190"]["number"], sizes["HB-1190"]["unit"]) == (0.5, "l")
    assert (sizes["HB-1191"]["value"], sizes["HB-1191"]["number"]) == ("16 0z", None)


def test_a_tenth_of_the_products_is_dirty(faults: list[Fault]) -> None:
    rows = len(rows_of("harbour.csv")) + len(rows_of("lingnan.csv"))
    assert 0.08 < sum(fault.file.endswith("n.csv") or fault.file == "harbour.csv" for fault in faults) / rows < 0.13


def test_the_gtins_of_good_rows_are_valid_examples(faults: list[Fault]) -> None:
    wrong = {fault.id for fault in faults if "gtin" in fault.what} | {""}
    rows = [row for file in ("harbour.csv", "lingnan.csv") for row in rows_of(file) if len(row) == 11 and row[6]]
    assert all(row[6].startswith("952") for row in rows)
    assert {row[0] for row in rows if not ean.is_valid(row[6])} == wrong - {""}


def test_equal_gtins_are_of_equal_things_and_many_pairs_have_none() -> None:
    harbour = {row[0]: row[6] for row in rows_of("harbour.csv") if len(row) == 11}
    lingnan = {row[0]: row[6] for row in rows_of("lingnan.csv") if len(row) == 11}
    pairs = overlap()
    by_gtin = {gtin: key for key, gtin in harbour.items() if gtin}
    shared = {by_gtin[gtin]: key for key, gtin in lingnan.items() if gtin in by_gtin}
    assert shared.items() <= pairs.items()
    assert 0.4 < len(shared) / len(pairs) < 0.65


def test_no_brand_and_no_text_names_the_real_thing() -> None:
    texts = " ".join((DEMO / file).read_text("utf-8-sig").casefold() for file in FIELDS)
    found = [word for word in REAL.split() if re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", texts)]
    assert not found
    brands = {row[2] for file in ("harbour.csv", "lingnan.csv") for row in rows_of(file) if len(row) == 11}
    assert len(brands) >= 40  # some in two ways of writing
    addresses = re.findall(r"[a-z._]+@[a-z.-]+", texts)
    assert addresses
    assert all(address.rstrip(".").endswith(".example") for address in addresses)


@pytest.mark.parametrize("column", [1, -1], ids=["titles", "descriptions"])
def test_no_two_texts_come_from_a_template(column: int, faults: list[Fault]) -> None:
    again = {(fault.file, fault.line) for fault in faults if "duplicate" in fault.what}
    texts = [
        (row[0], trigrams(row[column]))
        for file in ("harbour.csv", "lingnan.csv")
        for line, row in enumerate(rows_of(file), 2)
        if len(row) == 11 and row[column] and (file, line) not in again
    ]
    alike = [(a, b) for (a, one), (b, other) in combinations(texts, 2) if share(one, other) > 0.8]
    assert not alike


def trigrams(text: str) -> frozenset[str]:
    plain = re.sub(r"\W+", " ", text.casefold())
    return frozenset(plain[at : at + 3] for at in range(len(plain) - 2))


def share(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(1, min(len(one), len(other)))


def test_reviews_speak_both_languages_and_some_reviewers_are_pseudonyms(imported: Imported) -> None:
    given = [json.loads(line) for line in (DEMO / "reviews.jsonl").read_text("utf-8").splitlines()]
    reviews = imported.rows["reviews"]
    assert len(reviews) >= 150
    assert {1, 2, 3, 4, 5} == {int(row["rating"]) for row in reviews}
    assert min(sum(row["language"] == language for row in reviews) for language in ("en", "zh")) >= 50
    named = [row["user"] for row in given if "@" in row["user"]]
    assert len(named) >= 20
    assert not [row for row in reviews if "@" in str(row["shopper"]) or "@" in row["text"]]


def test_shoppers_buy_in_baskets_and_some_together(imported: Imported) -> None:
    events = imported.rows["events"]
    assert len(events) >= 250
    assert len({event["shopper"] for event in events if event["shopper"]}) >= 25
    assert {event["kind"] for event in events} == {"view", "click", "cart", "buy", "like", "remove"}
    assert max(together(events).values()) >= 3


def together(events: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], int]:
    baskets: dict[str, set[str]] = {}
    for event in events:
        if event["kind"] == "buy":
            baskets.setdefault(event["basket"], set()).add(event["product_id"])
    counts: dict[tuple[str, str], int] = {}
    for products in baskets.values():
        for pair in combinations(sorted(products), 2):
            counts[pair] = counts.get(pair, 0) + 1
    return counts
