from pathlib import Path

import pyarrow as pa

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
