"""What a shop does not publish is never on sale; what it sells by variants is known by their SKUs."""

from pathlib import Path

from tests.graphsvc.desks import SHOPIFY, Desk, shopify
from tests.graphsvc.shops import ORDER_COLUMNS, write_rows


def test_what_is_not_published_is_never_on_sale(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    rows = [("a", "TRUE", "active"), ("b", "FALSE", "draft"), ("c", "TRUE", "archived"), ("d", "FALSE", "active")]
    report = desk.take(shopify(file, *rows))
    assert (report.batch.counts.read, report.batch.counts.accepted) == (4, 1)
    assert report.batch.quarantined == {"not_published": 3}
    assert desk.products().keys() == {"a"}
    assert [(row["identity"], row["reason"].rpartition(" ")[2]) for row in desk.refused()] == [
        ("shop:b", "draft"), ("shop:c", "archived"), ("shop:d", "unpublished"),
    ]  # fmt: skip
    assert "Publish" in desk.refused()[0]["fix"]
    assert desk.retry().batch.counts.quarantined == 3
    assert desk.take(file).offset is None


def test_a_product_leaves_when_it_becomes_a_draft_and_comes_back(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    active, draft = ("a", "TRUE", "active"), ("a", "TRUE", "draft")
    desk.take(shopify(file, active, ("b", "TRUE", "active")))
    done = desk.take(shopify(file, draft, ("b", "TRUE", "active"))).batch.counts
    assert (done.unchanged, done.quarantined, done.retired) == (1, 1, 1)
    assert desk.products().keys() == {"b"}
    again = desk.take(shopify(file, draft, ("b", "TRUE", "active"), ("c", "TRUE", "active"))).batch.counts
    assert (again.accepted, again.unchanged, again.quarantined, again.retired) == (1, 1, 1, 0)
    done = desk.take(shopify(file, active, ("b", "TRUE", "active"))).batch.counts
    assert (done.accepted, done.unchanged) == (1, 1)
    assert desk.products().keys() == {"a", "b", "c"}
    assert desk.refused() == []


def test_a_draft_stands_in_quarantine_once_wherever_it_moves(desk: Desk, tmp_path: Path) -> None:
    drafts = [(key, "TRUE", "draft") for key in "abc"]
    for at, name in enumerate(("export.csv", "export.csv", "export-2.csv")):
        active = [(f"new{n}", "TRUE", "active") for n in range(at)]
        assert desk.take(shopify(tmp_path / name, *active, *drafts)).batch.counts.quarantined == 3
        assert [(row["identity"], row["line"]) for row in desk.refused()] == [
            (f"shop:{key}", line + at) for line, key in enumerate("abc", 2)
        ]
    assert desk.retry().batch.counts.quarantined == 3
    assert len(desk.refused()) == 3


def test_a_sync_counts_a_draft_once(desk: Desk, tmp_path: Path) -> None:
    file, many = tmp_path / "export.csv", [(str(n), "TRUE", "active") for n in range(10)]
    desk.take(shopify(file, *many))
    done = desk.take(shopify(file, *many[2:], ("0", "TRUE", "draft")), sync=True).batch.counts
    assert (done.retired, done.quarantined, len(desk.products())) == (2, 1, 8)


def test_orders_do_not_bring_a_draft_back(desk: Desk, tmp_path: Path) -> None:
    desk.take(shopify(tmp_path / "export.csv", ("a", "TRUE", "active"), ("b", "TRUE", "draft")))
    header = ["order_id", "product_id", "quantity", "order_date", "price", "title"]
    rows = [["1", key, "1", "2026-01-02", "9.00", "Mug"] for key in "ab"]
    report = desk.take(write_rows(tmp_path / "orders.csv", rows, header))
    assert (report.batch.counts.accepted, report.batch.quarantined) == (1, {"unknown_product": 1})
    assert desk.products().keys() == {"a"}


def test_any_table_may_say_what_is_on_sale(desk: Desk, tmp_path: Path) -> None:
    said = ["已上架", "下架", "", "recalled", "Live", "true"]
    file = write_rows(
        tmp_path / "p.csv", [[str(n), f"Mug {n}", word] for n, word in enumerate(said)], ["id", "title", "状态"]
    )
    assert desk.take(file).batch.quarantined == {"not_published": 2}
    assert desk.products().keys() == {"0", "2", "4", "5"}
    assert any(row["reason"].endswith("recalled") for row in desk.refused())
    other = write_rows(tmp_path / "q.csv", [["7", "Pot", "new"], ["8", "Pan", "used"]], ["id", "title", "status"])
    assert desk.take(other, name="other").batch.counts.accepted == 2  # a status of another kind


def test_an_order_may_name_a_variant(desk: Desk, tmp_path: Path) -> None:
    orders = write_rows(tmp_path / "orders.csv", [["1", "sku-a", "1", "2026-01-02"]], ORDER_COLUMNS[:4])
    desk.take(shopify(tmp_path / "export.csv", ("b", "TRUE", "active")))
    assert desk.take(orders).batch.quarantined == {"unknown_product": 1}
    desk.take(shopify(tmp_path / "export.csv", ("a", "TRUE", "active")))
    assert desk.take(orders).batch.counts.accepted == 1  # the very file that waited for its product
    both = write_rows(
        tmp_path / "two.csv", [["x", "Mug", "s", "9.00", "", ""], ["y", "Jug", "s", "9.00", "", ""]], SHOPIFY
    )
    desk.take(both)
    more = write_rows(tmp_path / "more.csv", [["2", "s", "1", "2026-01-02"]], ORDER_COLUMNS[:4])
    assert desk.take(more).batch.quarantined == {"ambiguous_product": 1}
