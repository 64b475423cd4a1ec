import time
from datetime import UTC, datetime

import pytest

from graphsvc.warehouse.standardise import (
    EITHER,
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
        ("1’299.50 CHF", 1299.5, "CHF"),
        ("US $12", 12.0, "USD"),
        ("Rs. 500", 500.0, "INR"),
        ("Rs.500", 500.0, "INR"),
        ("R$ 10,50", 10.5, "BRL"),
        ("(12.50)", -12.5, None),
        ("($12.50)", -12.5, "USD"),
        ("CN¥12", 12.0, "CNY"),
        ("12.50元/件", 12.5, "CNY"),
        ("€ 12,-", 12.0, "EUR"),
        ("12,- €", 12.0, "EUR"),
        ("99 kr", 99.0, None),
        ("$.50", 0.5, "USD"),
    ],
)
def test_money_is_read_in_every_notation(written: str, amount: float, currency: str | None) -> None:
    assert parse_money(written) == (amount, currency)


NO_NUMBERS = [
    "", ".", "abc", "inf", "NaN", "1e999", "1,2,3.4.5", "12 apples", "--5", "9, 10, 16", "9 10 16", "1.2.3",
    "2024.05.06", "3/4", "5/pack", "-(5)", "1,299,00", "9" * 101,
]  # fmt: skip


@pytest.mark.parametrize("written", NO_NUMBERS)
def test_what_is_no_number_is_none(written: str) -> None:
    assert parse_number(written) is None
    assert parse_money(written) is None


@pytest.mark.parametrize(
    ("written", "point", "comma", "either"),
    [
        ("1.299,00", 1299, 1299, 1299),
        ("1,299.00", 1299, 1299, 1299),
        ("27,50", 27.5, 27.5, 27.5),
        ("27.50", 27.5, 27.5, 27.5),
        ("1,299", 1299, 1.299, 1299),
        ("1.299", 1.299, 1299, 1299),
        ("-1.299", -1.299, -1299, -1299),
        ("0,125", 0.125, 0.125, 0.125),
        ("0.125", 0.125, 0.125, 0.125),
        ("1234,567", 1234.567, 1234.567, 1234.567),
        ("12,3456", 12.3456, 12.3456, 12.3456),
        ("1 299", 1299, 1299, 1299),
        ("12,34,567.00", 1_234_567, 1_234_567, 1_234_567),
        ("1.5e3", 1500, 1500, 1500),
        ("5.", 5, 5, 5),
    ],
)
def test_a_mark_before_three_digits_is_read_as_the_column_writes_it(
    written: str, point: float, comma: float, either: float
) -> None:
    assert [parse_number(written, mark) for mark in (".", ",", EITHER)] == [point, comma, either]


@pytest.mark.parametrize(
    ("column", "mark"),
    [
        (["1.234,56", "7"], ","),
        (["27,50 €", "12,99 €", "1.299 €"], ","),
        (["1.234.567", "8"], ","),
        (["0,125", "1,250"], ","),
        (["1,299.00", "7"], "."),
        (["1.234", "2.345"], "."),
        (["9, 10, 16"], "."),
        (["€27,50", "$15.00", "$1,299", "$8.99"], "."),
        (["€27,50", "$1,299"], EITHER),
        (["€27,50", "€12,99", "$1,299"], EITHER),
        ([], "."),
    ],
)
def test_the_decimal_mark_is_what_most_values_speak_for(column: list[str], mark: str) -> None:
    assert decimal_mark(column) == mark


def test_times_become_utc() -> None:
    assert parse_time("2010-12-01 08:26", "Asia/Shanghai") == datetime(2010, 12, 1, 0, 26, tzinfo=UTC)
    assert parse_time("2024-03-05T10:00:00+02:00") == datetime(2024, 3, 5, 8, tzinfo=UTC)
    assert parse_time("2024年3月5日 下午3:20") == datetime(2024, 3, 5, 15, 20, tzinfo=UTC)
    assert parse_time("1700000000") == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert parse_time("03/04/2024", day_first=True) == datetime(2024, 4, 3, tzinfo=UTC)
    assert parse_time("10:30") is None
    assert parse_time("soon") is None


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("9999-12-31T23:59:59-05:00", "UTC"),
        ("9999-12-31 23:59:59", "America/New_York"),
        ("0001-01-01T00:00:00+08:00", "UTC"),
        ("0001-01-01", "Asia/Shanghai"),
        ("99999999999999", "UTC"),
    ],
)
def test_a_time_outside_the_years_that_are_told_is_none(text: str, zone: str) -> None:
    assert parse_time(text, zone) is None


@pytest.mark.parametrize(
    ("text", "zone", "hour"),
    [
        ("Sat, 5 Mar 2024 10:00:00 EST", "UTC", 15),
        ("Tue Mar 5 10:00:00 CST 2024", "UTC", 16),
        ("Tue Mar 5 10:00:00 CST 2024", "Asia/Shanghai", 2),
        ("Tue, 5 Mar 2024 10:00:00 +0800 (CST)", "UTC", 2),
        ("2024-03-05 10:00 IST", "Asia/Kolkata", 4),
        ("2024-03-05 10:00 GMT", "Asia/Shanghai", 10),
    ],
)
def test_a_zone_that_is_named_counts(text: str, zone: str, hour: int) -> None:
    found = parse_time(text, zone)
    assert found is not None
    assert (found.day, found.hour) == (5, hour)


@pytest.mark.parametrize("text", ["5 Mar 2024 10:00 XYZ", "2024-03-05 10:00 IST"])
def test_a_zone_that_nobody_knows_makes_no_time(text: str) -> None:
    assert parse_time(text) is None
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


@pytest.mark.parametrize("text", ["9" * 100_000, " " * 100_000 + "x", "1 " * 50_000 + "x", "1," * 50_000])
def test_long_texts_are_no_numbers_at_once(text: str) -> None:
    start = time.process_time()
    assert parse_money(text) is None
    assert parse_number(text) is None
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize("part", ["<!--", "<script>", "<a", "<", "&lt;!--", "&#"])
def test_broken_markup_is_read_in_linear_time(part: str) -> None:
    start = time.process_time()
    clean_text(part * 20_000)
    assert time.process_time() - start < 2


def test_gtin_needs_its_check_digit() -> None:
    assert check_gtin("4006381 333931") == "4006381333931"
    assert check_gtin("4006381333932") is None
    assert check_gtin("96385074") == "96385074"


def test_one_vocabulary_for_both_languages() -> None:
    assert standard_value("colour", "黑色") == standard_value("colour", "BLK") == "black"
    assert standard_value("colour", "紅色/白色") == "red/white"
    assert standard_value("colour", "红色 | blue") == "red/blue"
    assert standard_value("size", "加大码") == "XL"
    assert standard_value("colour", "sea glass") == "sea glass"
    assert fold("紅色　ＡＢＣ") == "红色 abc"
    assert parse_currency("人民币") == "CNY"


def test_language_by_its_characters() -> None:
    assert language_of("红色手机壳") == "zh"
    assert language_of("red phone case") == "en"
    assert language_of("wireless bluetooth headphones 耳机") == "mixed"
    assert language_of("12 34") is None
