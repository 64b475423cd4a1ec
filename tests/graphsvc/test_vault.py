import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from graphsvc.vault import Vault


def open_vault(folder: Path) -> Vault:
    return Vault(folder / "vault.db", b"k" * 32)


def test_equal_identifiers_share_a_pseudonym_across_spellings(tmp_path: Path) -> None:
    vault = open_vault(tmp_path)
    column = vault.shield_column(pa.array(["Ann@X.org", " ann@x.org", "17850.0", "17850", None, " "]), "email")
    first, second, third, fourth, fifth, sixth = column.to_pylist()
    assert first == second == vault.pseudonym("ann@x.org")
    assert third == fourth
    assert fifth is None
    assert sixth is None
    assert vault.original(str(first)) == "Ann@X.org"
    other = Vault(tmp_path / "other.db", b"z" * 32)
    assert other.pseudonym("ann@x.org") != first


def test_free_text_is_masked_and_codes_are_not(tmp_path: Path) -> None:
    vault = open_vault(tmp_path)
    text = vault.mask("Ask ann@x.org or +44 20 7946 0958, 手机13812345678。")
    assert "ann@x.org" not in text
    assert "7946" not in text
    assert "13812345678" not in text
    for code in (
        "4006381333931",
        "31198570044",
        "13812345678",
        "WH-1000-XM5 2x330ml 10.5 x 20.25 in",
        "2010-12-01 08:26:00",
    ):
        assert vault.mask(code) == code
    column = vault.mask_column(pa.array(["see b@y.com", None, "plain"]))
    assert column.to_pylist()[1:] == [None, "plain"]
    assert "b@y.com" not in str(column)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("发邮件到lihua@example.com谢谢", "发邮件到{}谢谢"),
        ("见lihua＠example.com。", "见{}。"),
        ("lihua&#64;example.com", "{}"),
        ("(LiHua@Example.com)", "({})"),
    ],
)
def test_an_address_ends_where_chinese_text_goes_on(tmp_path: Path, text: str, masked: str) -> None:
    vault = open_vault(tmp_path)
    token = f"[email:{vault.pseudonym('lihua@example.com')}]"
    assert vault.mask(text) == masked.format(token)
    assert vault.mask_column(pa.array([text])).to_pylist() == [masked.format(token)]


DISGUISES = [
    "foo@example．com",
    "foo@exam<b></b>ple.com",
    "foo@example&#46;com",
    "foo@exam\u200bple.com",
    "foo@exam&shy;ple.com",
    "foo&amp;#64;example.com",
    "foo﹫example.com",
    "ｆｏｏ＠ｅｘａｍｐｌｅ．ｃｏｍ",
    '<a href="mailto:foo@example.com">foo@example．com</a>',
]


@pytest.mark.parametrize("text", DISGUISES)
def test_what_cleaning_would_make_an_address_is_masked(tmp_path: Path, text: str) -> None:
    vault = open_vault(tmp_path)
    masked = vault.mask(f"write to {text}, now")
    assert masked == f"write to [email:{vault.pseudonym('foo@example.com')}], now"
    column = vault.mask_column(pa.array(["plain", None, f"write to {text}, now"]))
    assert column.to_pylist() == ["plain", None, masked]


@pytest.mark.parametrize(
    "text", ["手机13812345678", "手机１３８１２３４５６７８", "138&#49;2345678", "138<b></b>12345678 or"]
)
def test_numbers_are_masked_in_a_column_without_addresses(tmp_path: Path, text: str) -> None:
    vault = open_vault(tmp_path)
    (masked,) = vault.mask_column(pa.array([text])).to_pylist()
    assert f"[phone:{vault.pseudonym('13812345678')}]" in str(masked)


def test_numbers_in_the_digits_of_other_scripts_are_masked(tmp_path: Path) -> None:
    (masked,) = open_vault(tmp_path).mask_column(pa.array(["اتصل +٩٦٦ ٥٠ ١٢٣ ٤٥٦٧"])).to_pylist()
    assert str(masked).startswith("اتصل [phone:")


def test_strings_of_json_are_masked_and_it_stays_json(tmp_path: Path) -> None:
    vault = open_vault(tmp_path)
    rows = [
        {"sku": "13812345678", "n": 13812345678, "text": 'say "hi" ＂, foo＠exam<b>ple</b>.com'},
        {"text": "<b>1</b>"},
    ]
    (masked,) = vault.mask_column(pa.array([json.dumps(rows)])).to_pylist()
    first, second = json.loads(str(masked))
    assert (first["sku"], first["n"], second) == ("13812345678", 13812345678, rows[1])
    assert first["text"] == f'say "hi" ", [email:{vault.pseudonym("foo@example.com")}]'


def test_what_goes_on_to_show_more_is_masked_whole(tmp_path: Path) -> None:
    text = "a@b.org " + " ".join(f"n{n}@x&{'amp;' * n}#46;org" for n in range(12))
    assert "@" not in open_vault(tmp_path).mask(text)


@pytest.mark.parametrize("address", ["jose.josé@x.org", "иван@пример.рф", "李华@例子.中国", "_a+b-c@x-y.co.uk"])
def test_addresses_of_every_script_are_masked(tmp_path: Path, address: str) -> None:
    assert open_vault(tmp_path).mask(f"({address})") == f"([email:{open_vault(tmp_path).pseudonym(address)}])"


@pytest.mark.parametrize("part", ["a", "李", "a.", "a@", "a李", "a@b李@"])
def test_masking_is_linear(tmp_path: Path, part: str) -> None:
    vault = open_vault(tmp_path)
    start = time.process_time()
    vault.mask(part * 100_000)
    assert time.process_time() - start < 2


def test_erasing_a_shopper_leaves_no_byte_and_spares_others(tmp_path: Path) -> None:
    vault = open_vault(tmp_path)
    shoppers = vault.shield_column(pa.array(["c1", "c2"]), "person")
    mails = vault.shield_column(pa.array(["zebra-one@x.org", "zebra-two@x.org"]), "email")
    homes = vault.shield_column(pa.array(["12 Shared Street", "12 Shared Street"]), "address")
    vault.link(shoppers, [mails, homes])
    assert vault.erase(shoppers[0].as_py()) == 2
    assert vault.original(mails[0].as_py()) is None
    assert vault.original(mails[1].as_py()) == "zebra-two@x.org"
    assert vault.original(homes[0].as_py()) == "12 Shared Street"
    vault.close()
    assert b"zebra-one" not in (tmp_path / "vault.db").read_bytes()
    assert (tmp_path / "vault.db").stat().st_mode & 0o077 == 0


def test_threads_share_a_vault(tmp_path: Path) -> None:
    vault = open_vault(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        masked = list(threads.map(lambda n: vault.mask(f"to n{n}@x.org", store=True), range(200)))
    assert [vault.original(text[len("to [email:") : -1]) for text in masked] == [f"n{n}@x.org" for n in range(200)]
