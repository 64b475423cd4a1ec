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
    assert list(row) == ["id", "title", "link", "image_link", "availability", "_line"]
