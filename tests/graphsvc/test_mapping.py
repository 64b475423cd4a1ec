import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from graphsvc.errors import MappingError
from graphsvc.history import History
from graphsvc.ingest import Importer, Request
from graphsvc.mapping import Column, Mapping, guess, guess_asset
from graphsvc.mapping.naming import words
from graphsvc.mapping.paths import separator_of, tree_depth
from graphsvc.sources import open_source
from graphsvc.sources.nesting import flatten
from graphsvc.warehouse.fields import ASSETS
from tests.graphsvc.imports import Shop
from tests.graphsvc.sources.test_shopify import HEADER, ROWS

DATA = os.environ.get("GRAPHSVC_DATA")


def sample(**columns: list[str | None]) -> pa.Table:
    return pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()})


def chosen(mapping: Mapping) -> dict[str, str]:
    return {name: str(column) for name, column in mapping.fields.items()}


def batch(table: pa.Table) -> pa.RecordBatch:
    return table.combine_chunks().to_batches()[0]


def test_a_chinese_catalogue() -> None:
    table = sample(
        货号=["A1", "A2"], 品名=["陶瓷杯", "水壶"], 售价=["¥12.50", "30元"], 品牌=["诺霍", "灶小二"], 库存=["3", "0"],
        类目=["家居/厨房/杯子", "家居/厨房/水壶"], 詳情=["好看的杯子", "不锈钢"], 条码=["9520001010019", ""],
        颜色=["红", "银"], 图片=["https://x.example/1.jpg", ""], 链接=["https://x.example/1", ""],
    )  # fmt: skip
    mapping = guess(table, "products")
    assert guess_asset(table) == "products"
    assert chosen(mapping) == {
        "key": "货号", "title": "品名", "price": "售价", "brand": "品牌", "stock": "库存", "category": "类目",
        "description": "詳情", "gtin": "条码", "attributes.颜色": "颜色", "image": "图片", "url": "链接",
    }  # fmt: skip
    assert mapping.apply(batch(table))["category"].to_pylist() == ["家居 > 厨房 > 杯子", "家居 > 厨房 > 水壶"]


def test_names_in_any_case_and_form() -> None:
    for names in (("ProductID", "ProductName", "UnitPrice"), ("product id", "PRODUCT NAME", "unit-price")):
        table = sample(**dict(zip(names, (["1", "2"], ["Cup", "Jug"], ["2.50", "3"]), strict=True)))
        assert chosen(guess(table, "products")) == dict(zip(("key", "title", "price"), names, strict=True))


@pytest.mark.parametrize("separator", [">", " > ", "/", " - ", "|", " | ", "›", "»", "→", "::", "\\"])
def test_separators_of_categories(separator: str) -> None:
    paths = [["Home", "Kitchen", "Cups"], ["Home", "Kitchen", "Jugs"], ["Garden", "Tools", "Saws"]]
    table = sample(id=["1", "2", "3"], name=["a", "b", "c"], category=[separator.join(path) for path in paths])
    mapped = guess(table, "products").apply(batch(table))
    assert [text.split(" > ") if " > " in text else text.split(">") for text in mapped["category"].to_pylist()] == paths


def test_a_hyphen_is_no_separator() -> None:
    assert separator_of(["T-shirts", "Long-sleeves"]) is None
    assert separator_of(["Shirts", "Salt, Pepper & Co"]) is None


def test_steps_that_are_of_no_tree_become_attributes() -> None:
    types = ["Apparel - Topwear - Shirts", "Apparel - Topwear - Kurtas", "Footwear - Shoes - Sports Shoes"]
    colours, uses = ["Red", "Blue", "Black", "White"], ["Casual", "Formal", "Sports"]
    rows = [f"{a} - {b} - {c}" for a in types for b in colours for c in uses]
    table = sample(id=[str(n) for n in range(len(rows))], title=[f"Thing {n}" for n in range(len(rows))], features=rows)
    assert tree_depth(rows, " - ") == 3
    mapped = guess(table, "products").apply(batch(table))
    assert mapped["category"][0].as_py() == "Apparel > Topwear > Shirts"
    assert mapped["attributes.colour"][0].as_py() == "Red"
    assert mapped["attributes.usage"][1].as_py() == "Formal"


def test_columns_of_levels_are_joined() -> None:
    table = sample(
        id=["1", "2", "3"], name=["a", "b", "c"], type=["Cups", "", "Saws"], department=["HOME", "HOME", "GARDEN"],
        category=["Kitchen", "Kitchen", " "],
    )  # fmt: skip
    mapping = guess(table, "products")
    assert mapping.fields["category"] == Column(("department", "category", "type"))
    assert mapping.apply(batch(table))["category"].to_pylist() == [
        "HOME > Kitchen > Cups",
        "HOME > Kitchen",
        "GARDEN > Saws",
    ]


def test_a_feed_has_one_category_and_keeps_its_own_path() -> None:
    table = sample(
        id=["1"], title=["Pan"], link=["https://x.example/1"], product_type=["Home > Pans"], price=["12.50 USD"],
        google_product_category=["638"], product_detail=['{"Finish": "matte"}'],
    )  # fmt: skip
    mapping = guess(table, "products")
    assert mapping.fields["category"] == Column(("product_type",))
    assert mapping.fields["attributes"] == Column(("product_detail",))
    assert mapping.fields["url"] == Column(("link",))


def test_a_sale_and_its_dates_are_neither_category_nor_attribute() -> None:
    dates = [f"2026-01-0{n}T00:00+0100/2026-02-01T00:00+0100" for n in range(1, 7)]
    table = sample(id=list("123456"), title=["Cup"] * 6, price=["12 USD"] * 6, sale_price=["10 USD"] * 6,
                   sale_price_effective_date=dates)  # fmt: skip
    assert chosen(guess(table, "products")) == {"key": "id", "title": "title", "price": "price"}


def test_values_overrule_names() -> None:
    table = sample(id=["1", "2"], name=["Cup", "Jug"], price=["see shop", "ask us"], stock=["yes", "no"],
                   brand=["Nordholm", ""], ean=["9520001010019", "4006381333931"])  # fmt: skip
    mapping = guess(table, "products")
    assert not {"price", "stock"} & mapping.fields.keys()
    assert mapping.fields["gtin"] == Column(("ean",))
    assert mapping.confidence["gtin"] > 0.9


def test_values_tell_without_names() -> None:
    table = sample(
        ref=["a1", "a2"], what=["Cup", "Jug"], cost_eur=["€ 3", "4,50 €"], c13=["9520001010019", "4006381333931"]
    )
    with pytest.raises(MappingError, match="title"):
        guess(table, "products")
    mapping = guess(table.rename_columns(["ref", "name", "x", "c13"]), "products")
    assert chosen(mapping) == {"key": "ref", "title": "name", "price": "x", "gtin": "c13"}


def test_a_column_that_is_called_price_is_the_price_whatever_some_cells_say() -> None:
    cells = [["10", "20", "30", "on request"], ["4 dubloons", "12 dubloons", "20 dubloons", "99 dubloons"]]
    for prices in cells:
        table = sample(id=list("1234"), title=["Cup", "Jug", "Pot", "Pan"], price=prices, sale_price=["low"] * 4)
        assert chosen(guess(table, "products"))["price"] == "price"
    table = table.set_column(2, "price", pa.array(["low", "high", "low", "fair"]))
    assert "price" not in chosen(guess(table, "products"))


def test_cents_are_whole_amounts() -> None:
    table = sample(id=["1", "2"], name=["Cup", "Jug"], price_cents=["1250", "0"])
    mapping = guess(table, "products")
    assert mapping.fields["price"] == Column(("price_cents",), factor=0.01)
    assert mapping.apply(batch(table))["price"].to_pylist() == ["12.5", "0"]


def test_lists_give_their_first_picture() -> None:
    table = sample(id=["1"], name=["Cup"], images=["a.jpg | b.jpg"])
    assert guess(table, "products").apply(batch(table))["image"].to_pylist() == ["a.jpg"]


def test_nested_variants_take_the_warehouses_names() -> None:
    given = [{"id": 5, "title": "Red", "price": "9.90", "inventory_quantity": 2, "Color": "红色"}]
    offers = [{"store": "x", "price": 3, "link": "https://x.example"}]
    table = sample(
        id=["1", "2"], name=["a", "b"], variants=[json.dumps(given), None], offers=[json.dumps(offers), None]
    )
    mapped = guess(table, "products").apply(batch(table))
    (variant,) = json.loads(mapped["variants"][0].as_py())
    assert (variant["sku"], variant["price"], variant["stock"]) == ("5", "9.90", 2)
    assert variant["attributes"][0]["value"] == "red"
    assert json.loads(mapped["offers"][0].as_py())[0]["seller"] == "x"
    assert mapped["variants"][1].as_py() is None
    odd = sample(id=["1"], name=["a"], variants=["no JSON"])
    assert Mapping("products", {"key": Column(("id",)), "variants": Column(("variants",))}).apply(batch(odd))[
        "variants"
    ].to_pylist() == ["no JSON"]  # the warehouse says that it is no list


ORDERS = sample(
    InvoiceNo=["536365"], StockCode=["85123A"], Description=["LANTERN"], Quantity=["6"], Country=["UK"],
    InvoiceDate=["2010-12-01 08:26:00"], UnitPrice=["2.55"], CustomerID=["17850.0"],
)  # fmt: skip


def test_order_lines_in_both_languages() -> None:
    assert guess_asset(ORDERS) == "orders"
    assert chosen(guess(ORDERS, "orders")) == {
        "basket": "InvoiceNo", "product": "StockCode", "title": "Description", "quantity": "Quantity",
        "price": "UnitPrice", "time": "InvoiceDate", "shopper": "CustomerID",
    }  # fmt: skip
    chinese = sample(订单编号=["1"], 商品编号=["A"], 数量=["2"], 下单时间=["2024年3月5日"], 单价=["3"], 会员=["c1"])
    assert guess_asset(chinese) == "orders"
    assert chosen(guess(chinese, "orders"))["time"] == "下单时间"


@pytest.mark.parametrize(
    ("asset", "table"),
    [
        ("events", sample(user_id=["u"], item_id=["1"], event_type=["purchase"], timestamp=["1577836800"])),
        ("events", sample(用户=["u"], 商品=["1"], 行为=["加购"], 时间=["2024-01-02"])),
        ("reviews", sample(asin=["1"], reviewText=["Good"], overall=["5"], reviewerID=["r"])),
        ("reviews", sample(商品编号=["1"], 评论=["好"], 评分=["5"])),
        ("customers", sample(household_id=["1"], age=["25-34"], income=["50k"])),
        ("campaigns", sample(campaign_id=["1"], start_date=["2017-01-02"], end_date=["2017-02-02"])),
        ("coupons", sample(coupon_upc=["1"], product_id=["2"], campaign_id=["3"])),
        ("redemptions", sample(household_id=["1"], coupon_upc=["1"], redemption_date=["2017-01-02"])),
        ("products", sample(id=["1"], title=["Cup"], rating=["4.5"], type=["mug"])),
    ],
)  # fmt: skip
def test_what_the_rows_are(asset: str, table: pa.Table) -> None:
    assert guess_asset(table) == asset
    mapping = guess(table, asset)
    assert {spec.name for spec in ASSETS[asset] if spec.required} <= mapping.fields.keys()


def test_every_name_leads_to_its_field() -> None:
    """Each word of the table, alone, is the field it stands under; fields are those of the warehouse."""
    for asset, specs in ASSETS.items():
        known = {spec.name for spec in specs} | {"attributes"}
        assert words()[asset].keys() <= known


def test_a_mapping_is_saved_edited_and_used_again(tmp_path: Path) -> None:
    table = sample(id=["1"], name=["Cup"], price_cents=["250"], path=["a/b"], colour=["red"])
    first = guess(table, "products")
    path = tmp_path / "shop.products.yaml"
    first.save(path)
    again = Mapping.load(path)
    assert (again, again.fingerprint) == (first, first.fingerprint)
    document = yaml.safe_load(path.read_text("utf-8"))
    document["fields"] |= {
        "currency": {"constant": "EUR"},
        "category": {"column": "path", "separator": "/"},
        "attributes.step": {"column": "path", "separator": "/", "parts": [2]},
        "description": ["name", "colour"],
    }
    path.write_text(yaml.safe_dump(document), "utf-8")
    edited = Mapping.load(path)
    assert edited.fingerprint != first.fingerprint
    mapped = edited.apply(batch(table)).to_pylist()[0]
    assert (mapped["currency"], mapped["category"], mapped["attributes.step"]) == ("EUR", "a > b", "b")
    assert mapped["description"] == "Cup red"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("fields: {key: id}", "what its rows are"), ("asset: products", "maps no field"), ("asset: [", "no YAML"),
        ("asset: products\nfields: {key: id, title: t, colour: c}", "'colour', which is no field"),
        ("asset: products\nfields: {key: id}", "no title"),
        ("asset: products\nfields: {key: id, title: {colum: t}}", "title"),
        ("asset: products\nfields: {key: id, title: {column: t, parts: [0], separator: x}}", "title"),
        ("asset: products\nfields: {key: id, title: {column: t, constant: x}}", "title"),
        ("asset: products\nfields: {key: id, title: t}\nextra: 1", "unknown part"),
        ("asset: orders\nfields: {attributes.x: y}", "no field of orders"), ("- a", "what its rows are"),
        ("asset: products\nfields: {key: id, title: t}\nothers: all", "others"),
    ],
)  # fmt: skip
def test_a_mapping_that_cannot_be_meant(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(MappingError, match=word) as caught:
        Mapping.load(path)
    assert caught.value.next_step


def test_columns_that_are_not_there(tmp_path: Path) -> None:
    mapping = Mapping("products", {"key": Column(("id",)), "title": Column(("titel",))})
    with pytest.raises(MappingError, match="titel") as caught:
        mapping.check(["id", "title", "price"])
    assert "title" in caught.value.next_step
    with pytest.raises(MappingError, match="No column of the mapping"):
        mapping.apply(batch(sample(a=["1"])))
    with pytest.raises(MappingError, match="no mapping"):
        Mapping.load(tmp_path / "none.yaml")


def test_a_required_field_that_nothing_looks_like() -> None:
    with pytest.raises(MappingError, match="time") as caught:
        guess(ORDERS.drop_columns(["InvoiceDate"]), "orders")
    assert "--map" in caught.value.next_step


def test_the_mapping_as_a_table() -> None:
    table = sample(id=["1", "2"], name=["Cup " * 30, "Jug"], colour=["red", "red"], taxable=["true", "true"])
    mapping = guess(table, "products")
    shown = {row.field: row for row in mapping.rows(table)}
    assert shown["title"].confidence > 0.9
    assert shown["attributes.colour"].samples == ["red"]
    assert shown["(ignored)"].column == "taxable"
    assert all(len(text) <= 40 for row in shown.values() for text in row.samples)


def test_columns_that_come_later_become_attributes() -> None:
    mapping = guess(sample(id=["1"], name=["Cup"]), "products")
    later = sample(id=["2"], name=["Jug"], finish=["matte"])
    assert mapping.apply(batch(later)).column_names == ["key", "title", "attributes.finish"]


def bring(shop: Shop, path: Path, name: str = "shop") -> dict[str, dict[str, object]]:
    first = next(open_source(str(path)).batches())
    table = pa.Table.from_batches([first.drop_columns(["_line"])])
    importer = Importer(shop.warehouse, shop.vault, shop.home / "contracts", open_source, guess)
    done = importer.prepare(Request([str(path)], guess_asset(table), name, History.of_imports(shop.history)))
    assert done.counts.read == done.counts.accepted + done.counts.quarantined
    shop.history.append(done.payload)
    return shop.products()


def test_an_export_of_shopify_becomes_products_with_variants(tmp_path: Path) -> None:
    path = tmp_path / "products_export.csv"
    path.write_text(HEADER + ROWS, "utf-8")
    shirt = bring(Shop(tmp_path / "shop"), path)["shirt"]
    assert (shirt["title"], shirt["brand"], shirt["price"], shirt["stock"]) == ("Linen shirt", "Nordholm", 29.5, 7)
    assert shirt["category"] == ["Apparel", "Shirts"]
    assert [one["sku"] for one in shirt["variants"]] == ["SH-1", "SH-2", "SH-3"]  # type: ignore[attr-defined]
    colours = [one["value"] for one in shirt["attributes"] if one["name"] == "Color"]  # type: ignore[attr-defined]
    assert colours == ["red", "blue"]


def test_a_feed_becomes_products_with_variants(tmp_path: Path) -> None:
    header = "id\ttitle\tlink\titem_group_id\tprice\tsale_price\tavailability\tcolor"
    lines = ("S-1\tShirt\t\tS\t15.00 USD\t\tin_stock\tred", "S-2\tShirt\t\tS\t15.00 USD\t12 USD\tout_of_stock\tblue",
             "M-1\tMug\t\t\t9.00 USD\t\tbackorder\twhite")  # fmt: skip
    path = tmp_path / "feed.tsv"
    path.write_text("\n".join([header, *lines, ""]), "utf-8")
    products = bring(Shop(tmp_path / "shop"), path)
    assert products.keys() == {"S", "M-1"}
    shirt, mug = products["S"], products["M-1"]
    assert (shirt["price"], shirt["currency"], shirt["stock"], mug["stock"]) == (12.0, "USD", None, 0)
    assert [(one["sku"], one["price"], one["stock"]) for one in shirt["variants"]] == [  # type: ignore[attr-defined]
        ("S-1", 15.0, None), ("S-2", 12.0, 0),
    ]  # fmt: skip
    said = {(one["name"], one["value"]) for one in shirt["attributes"]}  # type: ignore[attr-defined]
    assert said >= {("color", "red"), ("color", "blue"), ("availability", "in_stock")}


def test_json_lines_become_products(tmp_path: Path) -> None:
    rows = [
        {"id": n, "name": {"en": f"Cup {n}"}, "title": f"Cup {n}", "price": {"amount": 2.5, "currency": "EUR"},
         "categories": ["Home", "Kitchen"], "specs": {"colour": ["red", "blue"]}, "brand": {"name": "Nordholm"}}
        for n in range(3)
    ]  # fmt: skip
    path = tmp_path / "p.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    cup = bring(Shop(tmp_path / "shop"), path)["1"]
    assert (cup["title"], cup["price"], cup["currency"], cup["brand"]) == ("Cup 1", 2.5, "EUR", "Nordholm")
    assert cup["category"] == ["Home", "Kitchen"]
    assert {one["value"] for one in cup["attributes"] if one["name"] == "colour"} == {"red", "blue"}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        ({"id": 1, "name": {"en": "Cup", "zh": "杯子"}, "price": {"amount": 2.5, "currency": "EUR"}},
         {"key": "id", "title": "name.en", "description": "name.zh", "price": "price.amount",
          "currency": "price.currency"}),
        ({"id": 1, "title": {"de": "Tasse", "en": "Cup"}, "description": {"de": "Gut.", "en": "Good."}},
         {"key": "id", "title": "title.en", "description": "description.en + description.de + title.de"}),
        ({"sku": 1, "name": {"zh": "杯子"}}, {"key": "sku", "title": "name.zh"}),
        ({"sys": {"id": "a"}, "fields": {"title": {"en-US": "Cup"}}}, {"key": "sys.id", "title": "fields.title.en-US"}),
        ({"id": 1, "info": {"name": "Cup"}, "stock": {"quantity": 3}},
         {"key": "id", "title": "info.name", "stock": "stock.quantity"}),
        ({"id": 1, "name_en": "Cup", "name_zh": "杯子", "价格": 3},
         {"key": "id", "title": "name_en", "description": "name_zh", "price": "价格"}),
    ],
)  # fmt: skip
def test_nested_products_in_any_language(row: dict[str, Any], fields: dict[str, str]) -> None:
    table = sample(**{name: [str(value)] for name, value in flatten(row).items()})
    assert guess_asset(table) == "products"
    assert chosen(guess(table, "products")) == fields


@pytest.mark.parametrize(
    ("asset", "names"),
    [
        ("products", ["id", "naam.nl-BE", "price.amount"]), ("products", ["id", "naam", "brand.name"]),
        ("products", ["customer_id", "title", "price"]), ("products", ["id", "name", "note"]),
        ("customers", ["id", "age"]), ("customers", ["customer_id", "name", "email"]),
    ],
)  # fmt: skip
def test_an_id_alone_makes_no_shopper(asset: str, names: list[str]) -> None:
    assert guess_asset(sample(**{name: ["5" if "price" in name else "Cup"] for name in names})) == asset


@pytest.mark.skipif(not DATA, reason="GRAPHSVC_DATA is not set")
@pytest.mark.parametrize(
    ("file", "fields"),
    [
        ("homedepot/catalogue.csv.gz", {"key": "product_uid", "title": "product_title"}),
        ("electronics/catalogue.csv.gz", {"key": "product_uid", "title": "title", "description": "description",
                                          "brand": "brand", "price": "price", "attributes": "attributes"}),
        ("fashion/products.csv.gz", {"key": "product_id", "title": "title", "image": "image",
                                     "category": "attributes (parts 1, 2, 3)",
                                     "attributes.usage": "attributes (parts 5)",
                                     "attributes.colour": "attributes (parts 4)"}),
        ("online-retail/transactions.csv.gz", {"basket": "InvoiceNo", "product": "StockCode", "title": "Description",
                                               "quantity": "Quantity", "time": "InvoiceDate", "price": "UnitPrice",
                                               "shopper": "CustomerID"}),
    ],
)  # fmt: skip
def test_real_files(file: str, fields: dict[str, str]) -> None:
    first = next(open_source(str(Path(str(DATA)) / file)).batches()).slice(0, 1_000)
    table = pa.Table.from_batches([first.drop_columns(["_line"])])
    assert chosen(guess(table, guess_asset(table))) == fields
