from datetime import UTC, datetime

import pytest

from graphsvc.warehouse.standardise import (
    check_gtin,
    clean_text,
    day_comes_first,
    decimal_mark,
    fold,
    language_of,
    parse_currency,
    parse_money,
    parse_number,
    parse_time,
    standard_value,
)


@pytest.mark.parametrize(
    ("written", "amount", "currency"),
    [
        ("1.234,56 €", 1234.56, "EUR"),
        ("¥1,299.00", 1299.0, "CNY"),
        ("￥１２９９", 1299.0, "CNY"),
        ("12.5元", 12.5, "CNY"),
        ("1.2万", 12_000.0, None),
        ("-$5", -5.0, "USD"),
        ("1 299,00", 1299.0, None),
        ("1'299.50 CHF", 1299.5, "CHF"),
        ("1.234.567", 1_234_567.0, None),
        (".99", 0.99, None),
    ],
)
def test_money_is_read_in_every_notation(written: str, amount: float, currency: str | None) -> None:
    assert parse_money(written) == (amount, currency)


@pytest.mark.parametrize("written", ["", "abc", "1,2,3.4.5", "inf", "nan", "1e999", "12 apples", "--5"])
def test_what_is_no_number_is_none(written: str) -> None:
    assert parse_number(written) is None
    assert parse_money(written) is None


def test_one_mark_is_read_as_the_column_writes_it() -> None:
    assert parse_number("1.234", ".") == 1.234
    assert parse_number("1.234", ",") == 1234
    assert parse_number("1,234", ".") == 1.234 or parse_number("1,234", ".") == 1234
    assert decimal_mark(["1.234,56", "7"]) == ","
    assert decimal_mark(["1,299.00", "7"]) == "."


def test_times_become_utc() -> None:
    assert parse_time("2010-12-01 08:26", "Asia/Shanghai") == datetime(2010, 12, 1, 0, 26, tzinfo=UTC)
    assert parse_time("2024-03-05T10:00:00+02:00") == datetime(2024, 3, 5, 8, tzinfo=UTC)
    assert parse_time("2024年3月5日 下午3:20") == datetime(2024, 3, 5, 15, 20, tzinfo=UTC)
    assert parse_time("1700000000") == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert parse_time("03/04/2024", day_first=True) == datetime(2024, 4, 3, tzinfo=UTC)
    assert parse_time("10:30") is None
    assert parse_time("soon") is None
    assert day_comes_first(["25/12/2010", "01/02/2010"])
    assert not day_comes_first(["12/25/2010", "01/02/2010"])


def test_text_is_repaired_and_nothing_else() -> None:
    cleaned = clean_text("<p>Tom &amp; Jerry<br>cafÃ©</p>\u200b ＡＢＣ　２")
    assert cleaned.text == "Tom & Jerry café ABC 2"
    assert set(cleaned.rules) == {"encoding", "markup", "control", "width", "space"}
    assert clean_text("5 < 6 and 3/4 in. 手机，壳").rules == ()
    assert clean_text("Painter\x89Ûªs Tape").text == "Painter’s Tape"
    assert clean_text("3\x89Û\x90Tier").text == "3-Tier"
    assert clean_text("<script>alert(1)</script>Mug").text == "Mug"


def test_gtin_needs_its_check_digit() -> None:
    assert check_gtin("4006381 333931") == "4006381333931"
    assert check_gtin("4006381333932") is None
    assert check_gtin("96385074") == "96385074"


def test_one_vocabulary_for_both_languages() -> None:
    assert standard_value("colour", "黑色") == standard_value("colour", "BLK") == "black"
    assert standard_value("colour", "紅色/白色") == "red/white"
    assert standard_value("size", "加大码") == "XL"
    assert standard_value("colour", "sea glass") == "sea glass"
    assert fold("紅色　ＡＢＣ") == "红色 abc"
    assert parse_currency("人民币") == "CNY"


def test_language_by_its_characters() -> None:
    assert language_of("红色手机壳") == "zh"
    assert language_of("red phone case") == "en"
    assert language_of("wireless bluetooth headphones 耳机") == "mixed"
    assert language_of("12 34") is None
