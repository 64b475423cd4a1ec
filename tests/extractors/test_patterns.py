import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.patterns import Patterns, find_relations
from extractors.shop_names import Names, learn_names
from extractors.types import Document

NAMES = Names(
    brands=frozenset(("nordholm", "titan lighting", "home decorators collection")), kinds=frozenset(("ladle",))
)


def said(text: str, names: Names = NAMES) -> set[tuple[str, str]]:
    return {(one.relation, text[one.tail.start : one.tail.end]) for one in find_relations(text, names)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Silicone case for iPhone 15, black", {("compatible_with", "iPhone 15")}),
        ("Works with the iPhone 15 too.", {("compatible_with", "iPhone 15")}),
        ("Toner compatible with HP LaserJet 1020", {("compatible_with", "HP LaserJet 1020")}),
        ("Floor mat fits 2010-2014 Ford F-150", {("compatible_with", "2010-2014 Ford F-150")}),
        ("Toner for FS-1100 and FS-1300", {("compatible_with", "FS-1100"), ("compatible_with", "FS-1300")}),
        ("Armband for iPod touch Blue", {("compatible_with", "iPod touch")}),
        ("Lid for Nordholm pans", {("compatible_with", "Nordholm pans")}),
        ("Protective case for phone", {("accessory_of", "phone")}),
        ("Glass lid for slow cooker", {("accessory_of", "slow cooker")}),
        ("Mulching blade for 42 in. lawn mower", {("accessory_of", "42 in. lawn mower")}),
        ("Holder for ladles (2-Pack)", {("accessory_of", "ladles")}),
        ("Sleeve designed for 16 Inch Laptops TSM103US", {("accessory_of", "16 Inch Laptops")}),
        ("Battery, replaces part number NB-6L", {("replaces", "NB-6L")}),
        ("Riser card, replacement for PEX4S952LP", {("replaces", "PEX4S952LP")}),
        ("A lamp, part of the Hampton collection", {("part_of", "Hampton collection")}),
        ("Titan Lighting Georgetown Collection 3-Light Pendant", {("part_of", "Georgetown Collection")}),
        ("Table made of solid oak", {("made_from", "solid oak")}),
        ("100% cotton shirt", {("made_from", "cotton")}),
        ("Bowl, crafted from olive wood.", {("made_from", "olive wood")}),
        ("Puzzle for kids ages 3-6", {("suits", "ages 3-6")}),
        ("Ideal for camping.", {("suits", "camping")}),
        ("A tent, perfect for weddings", {("suits", "weddings")}),
        ("Cream for dry skin", {("suits", "dry skin")}),
        ("Cell, equivalent of Sony NP-BK1 battery", {("replaces", "Sony NP-BK1 battery")}),
        ("Fan FX-220, supersedes FX-200", {("replaces", "FX-200")}),
        ("Keyline by Nordholm USB hub", {("made_by", "Nordholm")}),
        ("Ergonomic mouse by Sony", {("made_by", "Sony")}),
        ("Mixer manufactured by Nordholm, 500 W", {("made_by", "Nordholm")}),
    ],
)
def test_english(text: str, expected: set[tuple[str, str]]) -> None:
    found = said(text)
    assert expected <= found
    assert {relation for relation, _ in found} == {relation for relation, _ in expected}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("手机壳 适用于iPhone 15 黑色", {("accessory_of", "手机"), ("compatible_with", "iPhone 15")}),
        ("集尘袋 适用Tidewell T3 4个", {("compatible_with", "Tidewell T3")}),
        ("热敏打印纸 适用儿童相机", {("compatible_with", "儿童相机")}),
        ("表带 适配卡西欧", {("compatible_with", "卡西欧")}),
        ("充电线兼容苹果iPhone15", {("compatible_with", "苹果iPhone15")}),
        ("墨盒 可替代HP802", {("replaces", "HP802")}),
        ("卡西欧edifice系列手表", {("part_of", "edifice系列")}),
        ("餐桌 采用橡木材质", {("made_from", "橡木")}),
        ("玻璃钢材质支架", {("made_from", "玻璃钢")}),
        ("纯棉枕巾一对", {("made_from", "纯棉")}),
        ("100%羊毛围巾", {("made_from", "羊毛")}),
        ("帆布制成", {("made_from", "帆布")}),
        ("书包 适合学生", {("suits", "学生")}),
        ("面霜 适用于敏感肌", {("suits", "敏感肌")}),
        ("安抚奶嘴,适合0-12个月", {("suits", "0-12个月")}),
        ("香皂花 送女友生日礼物", {("suits", "女友")}),
        ("洗发水 孕妇适用", {("suits", "孕妇")}),
        ("由云栖家居公司生产", {("made_by", "云栖家居公司")}),
        ("摩托车led大灯 12v", {("accessory_of", "摩托车")}),
        ("洗衣机专用网袋", {("accessory_of", "洗衣机")}),
        ("铸件,砖机配件,耐磨", {("accessory_of", "砖机")}),
        ("儿童杯替换吸管 4支", {("accessory_of", "儿童杯")}),
        ("苹果6s红色保护壳 iphone7plus可用", {("compatible_with", "苹果6s"), ("compatible_with", "iphone7plus")}),
        ("长城哈弗h6雨刮臂", {("compatible_with", "长城哈弗h6")}),
        ("索尼x100相机充电器", {("compatible_with", "索尼x100相机")}),
        ("刀头 适合hq7260,hq7290", {("compatible_with", "hq7260"), ("compatible_with", "hq7290")}),
        ("替换暖屿二十平净化器的滤芯。", {("replaces", "暖屿二十平净化器的滤芯")}),
        ("java进阶教程,机械工业出版社", {("made_by", "机械工业出版社")}),
        ("国学旨归廖彬宇清华大学出版社", {("made_by", "清华大学出版社")}),
        ("科普中国,应急科普丛书", {("part_of", "应急科普丛书")}),
        (
            "适用华为mate9/mate10手机壳",
            {("compatible_with", "华为mate9"), ("compatible_with", "mate10"), ("accessory_of", "手机")},
        ),
        ("适用华为 mate9 手机壳", {("compatible_with", "华为 mate9"), ("accessory_of", "手机")}),
        ("适用飞利浦hq7260,hq7290", {("compatible_with", "飞利浦hq7260"), ("compatible_with", "hq7290")}),
        ("洗衣液:由广州蓝月亮实业有限公司出品", {("made_by", "广州蓝月亮实业有限公司")}),
    ],
)
def test_chinese(text: str, expected: set[tuple[str, str]]) -> None:
    assert said(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Not compatible with iPhone 15",
        "Refrigerator, side by side",
        "Pressure washer powered by Honda",
        "Curtain (price varies by size)",
        "Men slim fit shirt",
        "Home Decorators Collection vanity",
        "Face mask, 100% cotton lining",
        "Handle made of plastic",
        "Paint for plastic",
        "Air conditioner for up to 350 sq. ft.",
        "Adapter for DDR3",
        "不适用iPhone 15",
        "iphone 7 全新手机 送手机壳",
        "手机屏幕为六寸大屏。手机电池容量高。",
        "智能手机,屏幕大,续航强,影音娱乐,办公学习,日常拍照,做工精细,手感很好,手机电池容量为四千八百毫安,支持快充,手机屏幕为六寸大屏,色彩鲜艳",
        "包邮配送老师",
        "纯色地毯",
        "一面纯棉内里",
        "兼容性好",
        "全系列",
        "买二送一",
        "买音响送手机支架",
        "手机套餐 手机包邮",
        "二手iphone6s 全网通",
        "iphone6s换屏 保护壳",
        "苹果5斤 保护套",
        "厂家有限公司",
        "成人自行车脚踏车",
        "有磁圈的手机壳也能吸",
        "American Vintage By The Sea Oak",
        "",
    ],
)
def test_what_is_no_relation(text: str) -> None:
    assert said(text) == set()


def test_the_product_is_named_where_it_stands_before() -> None:
    text = "Silicone case for iPhone 15"
    (one,) = find_relations(text)
    assert one.head is not None
    assert (text[one.head.start : one.head.end], one.head.label, one.tail.label) == (
        "case",
        "product",
        "compatible-with",
    )
    (other,) = find_relations("For iPhone 15")
    assert other.head is None


WORDS = "for|iPhone 15|compatible with|made of|oak|100%|cotton|by|Sony|适用|纯棉|系列|送女友|由|ages 3-6|replaces"
SIGNS = ["collection", "and", ",", "-", "in.", "fits", "\n", "  ", "ｉＰｈｏｎｅ", "İ", "\ud800"]
PARTS = st.sampled_from([*WORDS.split("|"), *SIGNS])


@given(st.lists(PARTS | st.text(max_size=8), max_size=12).map(" ".join))
def test_quotes_are_the_text_itself(text: str) -> None:
    (claims,) = Patterns(NAMES).extract([Document("p", text, text)])
    for claim in claims:
        span = claim.evidence
        assert span is not None
        assert text[span.start : span.end] == claim.quote == claim.quote.strip() != ""
        assert claim.object == " ".join(claim.quote.split())
        assert 0 < claim.confidence <= 1
    for one in find_relations(text, NAMES):
        assert one.head is None or 0 <= one.head.start < one.head.end <= len(text)


def test_fields_that_say_so_are_left_alone() -> None:
    text = "100% cotton case for iPhone 15"
    (bare,) = Patterns(NAMES).extract([Document("p", text)])
    assert {(one.predicate, one.qualifier, one.object) for one in bare} == {
        ("made_from", "material", "cotton"),
        ("compatible_with", "compatible-with", "iPhone 15"),
    }
    (held,) = Patterns(NAMES).extract(
        [Document("p", text, fields={"Material": ["Cotton"], "compatibility": ["iPhone 15"]})]
    )
    assert held == []


def test_what_title_and_text_say_both_is_claimed_once() -> None:
    (claims,) = Patterns(NAMES).extract([Document("p", "Case for iPhone 15", "A case for IPHONE 15.")])
    assert [claim.evidence.field for claim in claims if claim.evidence] == ["title"]


def test_names_are_learnt_from_titles_fields_and_categories() -> None:
    documents = [Document(f"a{at}", f"Alba Home mug {at}", category=["Kitchen", "Mugs"]) for at in range(6)]
    documents += [Document("b", "A pot", fields={"brand": ["Nordholm"], "compatibility": ["Pulse 2"]})]
    names = learn_names(documents)
    assert {"alba home mug", "nordholm"} <= names.brands
    assert names.models == {"pulse 2"}
    assert "mug" in names.kinds


def test_what_was_learnt_is_recalled() -> None:
    patterns = Patterns.learn([Document("b", "A pot", fields={"brand": ["Nordholm"]}, category=["Kitchen", "Pots"])])
    again = Patterns.recall(patterns.learnt())
    assert again.learnt() == patterns.learnt()
    document = Document("p", "Lid for Nordholm pot")
    assert again.extract([document]) == patterns.extract([document]) != [[]]
    with pytest.raises(ValueError, match="no names"):
        Patterns.recall("[]")
