import json
from pathlib import Path

import pytest

from graphsvc.sources import open_source

HEADER = (
    "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Option1 Name,Option1 Value,Option2 Name,Option2 Value,"
    "Variant SKU,Variant Inventory Qty,Variant Price,Variant Barcode,Image Src,Image Position,Status\n"
)
ROWS = (
    'shirt,Linen shirt,"<p>Airy,\nlight.</p>",Nordholm,Apparel > Shirts,Shirts,"a, b",Color,Red,Size,S,SH-1,3,29.90,,'
    "https://x.example/1.jpg,1,active\n"
    "shirt,,,,,,,,Red,,M,SH-2,4,31.00,4006381333931,https://x.example/2.jpg,2,\n"
    "shirt,,,,,,,,Blue,,M,SH-3,,29.50,,,,\n"
    "shirt,,,,,,,,,,,,,,,https://x.example/3.jpg,3,\n"
    "mug,Mug,,Nordholm,,,,Title,Default Title,,,MU-1,0,9.00,9520001010019,,,active\n"
    ",Lost,,,,,,,,,,,,,,,,\n"
    "short,row\n"
)


def read(tmp_path: Path) -> tuple[list[dict[str, str]], list[tuple[int, str]]]:
    path = tmp_path / "products_export.csv"
    path.write_text(HEADER + ROWS, "utf-8")
    source = open_source(str(path))
    rows = [row for batch in source.batches() for row in batch.to_pylist()]
    return rows, [(refused.line, refused.rule) for refused in source.rejects]


def test_the_rows_of_a_product_are_one(tmp_path: Path) -> None:
    (shirt, mug), refused = read(tmp_path)
    assert (shirt["Title"], shirt["Vendor"], shirt["_line"]) == ("Linen shirt", "Nordholm", 2)
    assert (shirt["Price"], shirt["Inventory"], shirt["Barcode"]) == ("29.5", "7", None)
    assert shirt["Image"] == "https://x.example/1.jpg"
    assert json.loads(shirt["Attributes"]) == {"Color": ["Red", "Blue"], "Size": ["S", "M"]}
    assert (mug["Price"], mug["Inventory"], mug["Barcode"], mug["_line"]) == ("9", "0", "9520001010019", 7)
    assert mug["Attributes"] is None
    assert refused == [(8, "no_handle"), (9, "ragged")]
    assert not [name for name in shirt if name.startswith(("Variant ", "Option"))]


def test_variants_are_as_the_warehouse_keeps_them(tmp_path: Path) -> None:
    (shirt, mug), _ = read(tmp_path)
    variants = json.loads(shirt["Variants"])
    assert [one["sku"] for one in variants] == ["SH-1", "SH-2", "SH-3"]
    assert variants[1] == {
        "sku": "SH-2", "title": "Red / M", "gtin": "4006381333931", "price": 31.0, "currency": None, "stock": 4,
        "attributes": [
            {"name": "Color", "value": "red", "number": None, "unit": None},
            {"name": "Size", "value": "M", "number": None, "unit": None},
        ],
    }  # fmt: skip
    assert variants[2]["stock"] is None
    (only,) = json.loads(mug["Variants"])
    assert (only["sku"], only["title"], only["attributes"]) == ("MU-1", None, [])


@pytest.mark.parametrize(
    ("status", "published", "read"),
    [
        ("active", "TRUE", "active"), ("active", "", "active"), ("active", "FALSE", "unpublished"),
        ("", "FALSE", "unpublished"), ("draft", "FALSE", "draft"), ("archived", "TRUE", "archived"), ("", "TRUE", None),
        ("Suspended", "TRUE", "unpublished"),
    ],
)  # fmt: skip
def test_what_the_online_store_hides_says_so(tmp_path: Path, status: str, published: str, read: str | None) -> None:
    path = tmp_path / "export.csv"
    path.write_text(f"Handle,Title,Variant Price,Published,Status\nmug,Mug,9.00,{published},{status}\n", "utf-8")
    (row,) = [row for batch in open_source(str(path)).batches() for row in batch.to_pylist()]
    assert row["Status"] == read


def test_amounts_that_cannot_be_read_are_left_for_the_warehouse_to_judge(tmp_path: Path) -> None:
    path = tmp_path / "products_export.csv"
    rows = (
        "mug,Mug,,Nordholm,,,,Title,Default Title,,,MU-1,many,abc,,,,active\n"
        "cup,Cup,,,,,,Size,S,,,C-1,-3,abc,,,,\n"
        "cup,,,,,,,,M,,,C-2,2,4,,,,\n"
    )
    path.write_text(HEADER + rows, "utf-8")
    mug, cup = (row for batch in open_source(str(path)).batches() for row in batch.to_pylist())
    assert mug["Price"] == "abc"
    assert [(one["price"], one["stock"]) for one in json.loads(mug["Variants"])] == [("abc", "many")]
    assert (cup["Price"], cup["Inventory"]) == ("4", "2")  # three that were oversold take none of the others
    assert [(one["price"], one["stock"]) for one in json.loads(cup["Variants"])] == [("abc", -3), (4, 2)]
