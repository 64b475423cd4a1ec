import json
from pathlib import Path

import pytest

from graphsvc.errors import SourceError
from graphsvc.sources import open_source

ITEM = """<item>
  <title>plain</title><g:title>Pan &amp; lid</g:title><link>https://x.example/1</link>
  <g:id>A1</g:id><g:price>12.50 USD</g:price><g:brand>Nordholm</g:brand>
  <g:additional_image_link>https://x.example/a.jpg</g:additional_image_link>
  <g:additional_image_link>https://x.example/b.jpg</g:additional_image_link>
  <g:shipping><g:country>US</g:country><g:price>3 USD</g:price></g:shipping>
  <g:product_detail><g:section_name>General</g:section_name><g:attribute_name>Finish</g:attribute_name>
    <g:attribute_value>matte</g:attribute_value></g:product_detail>
  <description><![CDATA[<b>Heavy</b> & good]]></description>
</item>
"""


def rss(body: str) -> str:
    return (
        '<?xml version="1.0"?>\n<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>\n'
        f"<title>Shop</title>\n{body}</channel></rss>"
    )


def read(tmp_path: Path, content: str | bytes) -> list[dict[str, str]]:
    path = tmp_path / "feed.xml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [row for batch in open_source(str(path)).batches() for row in batch.to_pylist()]


def test_items_of_rss(tmp_path: Path) -> None:
    first, second = read(tmp_path, rss(ITEM + "<item><g:id>A2</g:id></item>\n"))
    assert (first["id"], first["title"], first["link"], first["price"]) == (
        "A1", "Pan & lid", "https://x.example/1", "12.50 USD",
    )  # fmt: skip
    assert first["description"] == "<b>Heavy</b> & good"
    assert first["additional_image_link"] == "https://x.example/a.jpg | https://x.example/b.jpg"
    assert (first["shipping.country"], first["shipping.price"]) == ("US", "3 USD")
    assert json.loads(first["product_detail"]) == {"Finish": "matte"}
    assert (first["_line"], second["_line"]) == (4, 14)
    assert second["title"] is None


def test_entries_of_atom(tmp_path: Path) -> None:
    feed = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><title>Shop</title>'
        '<entry><id>tag:1</id><g:id>A1</g:id><title>Pan</title><link href="https://x.example/1"/></entry></feed>'
    )
    (row,) = read(tmp_path, feed)
    assert (row["id"], row["title"], row["link"]) == ("A1", "Pan", "https://x.example/1")


def test_a_feed_in_another_encoding(tmp_path: Path) -> None:
    feed = (
        '<?xml version="1.0" encoding="GBK"?>'
        + rss("<item><g:id>1</g:id><title>不锈钢水壶和陶瓷杯</title></item>")[21:]
    )
    (row,) = read(tmp_path, feed.encode("gb18030"))
    assert row["title"] == "不锈钢水壶和陶瓷杯"


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    "<rss><channel><item><id>&b;</id></item></channel></rss>"
)
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE r SYSTEM "file:///etc/passwd"><rss><channel/></rss>'


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (LAUGHS, "declares"), (OUTSIDE, "declares"), (rss(ITEM)[:300], "no whole XML"),
        (rss("<item><id>1</id></other>"), "no whole XML"), (rss("<item><g:id>\0</g:id></item>"), "NUL"),
        (rss(f"<item><g:id>{'x' * 11_000_000}</g:id></item>"), "10,000,000"),
        (rss(f'<item a="{"x" * 11_000_000}"></item>'), "10,000,000"),
    ],
)  # fmt: skip
def test_feeds_that_do_harm_or_are_broken(tmp_path: Path, content: str, word: str) -> None:
    with pytest.raises(SourceError, match=word) as caught:
        read(tmp_path, content)
    assert caught.value.next_step


def test_a_large_feed_is_read_item_by_item(tmp_path: Path) -> None:
    body = "".join(f"<item><g:id>{n}</g:id><title>Cup {n}</title></item>\n" for n in range(20_000))
    rows = read(tmp_path, rss(body))
    assert (len(rows), rows[-1]["id"], rows[-1]["_line"]) == (20_000, "19999", 20_003)


def test_names_of_tsv(tmp_path: Path) -> None:
    path = tmp_path / "feed.txt"
    path.write_text(
        "g:id\ttitle\tlink\timage link\tAvailability\n1\tPan\thttps://x.example\ta.jpg\tin_stock\n", "utf-8"
    )
    (row,) = [row for batch in open_source(str(path)).batches() for row in batch.to_pylist()]
    assert set(row) == {"id", "title", "link", "image_link", "availability", "stock", "_line"}


# ---- what attributes say together

NAMES = "id\ttitle\tlink\timage link\tprice\tsale price\tsale_price_effective_date\tavailability"


def read_tsv(tmp_path: Path, header: str, *lines: str) -> list[dict[str, str]]:
    path = tmp_path / "feed.txt"
    path.write_text("\n".join([header, *lines, ""]), "utf-8")
    return [row for batch in open_source(str(path)).batches() for row in batch.to_pylist()]


@pytest.mark.parametrize(
    ("price", "sale", "dates", "asked", "regular"),
    [
        ("15.00 USD", "12.50 USD", "", "12.50 USD", "15.00 USD"),
        ("15.00 USD", "18 USD", "", "15.00 USD", None),
        ("15.00 USD", "12 EUR", "", "15.00 USD", None),
        ("15.00 USD", "soon", "", "15.00 USD", None),
        ("15.00 USD", "12.50 USD", "2020-01-01T00:00+0100/2099-01-01T00:00+0100", "12.50 USD", "15.00 USD"),
        ("15.00 USD", "12.50 USD", "2020-01-01T00:00+0100/2020-02-01T00:00+0100", "15.00 USD", None),
        ("15.00 USD", "12.50 USD", "2098-01-01T00:00Z/2099-01-01T00:00Z", "15.00 USD", None),
        ("15.00 USD", "12.50 USD", "spring", "15.00 USD", None),
    ],
)
def test_a_sale_that_is_on_is_the_price(
    tmp_path: Path, price: str, sale: str, dates: str, asked: str, regular: str | None
) -> None:
    (row,) = read_tsv(tmp_path, NAMES, f"1\tPan\thttps://x.example\ta.jpg\t{price}\t{sale}\t{dates}\tin_stock")
    assert (row["price"], row.get("regular_price")) == (asked, regular)
    assert (row.get("sale_price") is None) == (regular is not None)  # one that is not on stays where it was


@pytest.mark.parametrize(
    ("availability", "stock"),
    [("in_stock", None), ("in stock", None), ("out of stock", "0"), ("out_of_stock", "0"), ("backorder", "0"),
     ("preorder", "0"), ("", None)],
)  # fmt: skip
def test_what_is_not_there_has_a_stock_of_nought_and_what_is_no_number(
    tmp_path: Path, availability: str, stock: str | None
) -> None:
    item = f"<item><g:id>1</g:id><g:availability>{availability or ' '}</g:availability><g:size>S</g:size></item>"
    other = "<item><g:id>2</g:id><g:availability>out_of_stock</g:availability><g:quantity>7</g:quantity></item>"
    first, second = read(tmp_path, rss(item + other))
    assert (first["stock"], second["stock"]) == (stock, "7")


SHIRT = "{}\t{}\thttps://x.example\ta.jpg\t{}\t{}\t{}\t{}\t{}\tcotton"
GROUPED = "id\ttitle\tlink\timage_link\titem_group_id\tprice\tavailability\tcolor\tgtin\tmaterial"
LINES = (
    SHIRT.format("S-1", "Shirt red", "S", "15.00 USD", "out_of_stock", "red", "9520001010019"),
    SHIRT.format("M-1", "Mug", "", "9.00 USD", "out_of_stock", "white", "4006381333931"),
    SHIRT.format("S-2", "Shirt blue", "S", "12.00 USD", "in_stock", "blue", ""),
    SHIRT.format("T-1", "Towel", "T", "20.00 USD", "backorder", "white", ""),
)


def test_items_of_one_group_are_variants_of_a_product(tmp_path: Path) -> None:
    mug, shirt, towel = read_tsv(tmp_path, GROUPED, *LINES)
    assert (shirt["id"], shirt["title"], shirt["price"], shirt["_line"]) == ("S", "Shirt red", "12.00 USD", 2)
    assert (shirt["stock"], shirt["availability"], shirt["gtin"]) == (None, "in_stock", None)
    assert (shirt["material"], shirt["color"]) == ("cotton", None)
    assert json.loads(shirt["product_detail"]) == {"color": ["red", "blue"]}
    variants = json.loads(shirt["variants"])
    assert [(one["sku"], one["title"], one["price"], one["stock"], one["gtin"]) for one in variants] == [
        ("S-1", "Shirt red", "15.00 USD", "0", "9520001010019"), ("S-2", "Shirt blue", "12.00 USD", None, None),
    ]  # fmt: skip
    assert [one["attributes"][0]["value"] for one in variants] == ["red", "blue"]
    assert (mug["id"], mug["color"], mug["variants"]) == ("M-1", "white", None)
    assert (towel["id"], towel["stock"], towel["color"], len(json.loads(towel["variants"]))) == ("T", "0", "white", 1)


def test_a_group_counts_as_one_row_and_bad_lines_are_refused_once(tmp_path: Path) -> None:
    path = tmp_path / "feed.txt"
    path.write_text("\n".join([GROUPED, *LINES, "short\trow", ""]), "utf-8")
    source = open_source(str(path))
    assert sum(batch.num_rows for batch in source.batches()) == 3
    assert [(refused.line, refused.rule) for refused in source.rejects] == [(6, "ragged")]


def test_groups_of_xml_keep_their_details(tmp_path: Path) -> None:
    group = "<g:item_group_id>P</g:item_group_id><g:size>{}</g:size></item>"
    one = ITEM.replace("</item>", group.format("24 cm"))
    (pan,) = read(tmp_path, rss(one + one.replace("A1", "A2").replace("24 cm", "28 cm")))
    assert (pan["id"], json.loads(pan["product_detail"])) == ("P", {"Finish": "matte", "size": ["24 cm", "28 cm"]})


def test_groups_that_are_torn_apart_have_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphsvc.sources.offerings.MOST_HELD", 50)
    with pytest.raises(SourceError, match="far apart") as caught:
        read_tsv(tmp_path, GROUPED, *LINES)
    assert "Sort" in caught.value.next_step
    monkeypatch.undo()
    monkeypatch.setattr("graphsvc.sources.offerings.MOST_ROWS", 1)
    source = open_source(str(tmp_path / "feed.txt"))
    assert sum(batch.num_rows for batch in source.batches()) == 3
    assert [refused.rule for refused in source.rejects] == ["too_many_variants"]
