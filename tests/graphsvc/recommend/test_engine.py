"""Answers through every door, each with reasons that the data bear out, moved at once by what happens."""

import re
import threading
from pathlib import Path

import numpy as np
import pytest

from graphsvc.errors import NotFoundError
from graphsvc.ontology import category_id
from graphsvc.recommend.behaviour import Behaviour
from graphsvc.recommend.contract import MEMORY
from graphsvc.recommend.engine import Answer, Engine
from graphsvc.recommend.rules import Rules
from graphsvc.recommend.sequences import Sequences
from graphsvc.types import Filter, Intent, RecommendRequest
from tests.graphsvc.recommend.test_behaviour import contents
from tests.graphsvc.recommend.worlds import ALL, Row, Shelves, baskets, drawn, engine, event, live, product

COMES_AGAIN = Rules({category_id(["Food"]): True, category_id(["Home"]): False, category_id(["Tech"]): False})
# pans go with lamps 1 and 2, milk with milk; nobody has bought pan6
BASKETS = baskets(
    *[["pan1", "lamp1"]] * 8, *[["pan1", "lamp2"]] * 6, *[["pan2", "lamp1", "pan3"]] * 5,
    *[["milk1", "milk2"]] * 7, *[["mouse1"]] * 3, *[["pan4"]], *[["pan5"]],
)  # fmt: skip


def shop(folder: Path, rows: list[Row] | None = None, rules: Rules = COMES_AGAIN) -> Engine:
    return engine(folder, BASKETS if rows is None else rows, rules=rules)


def names(answer: Answer) -> list[str]:
    return [name.removeprefix("s:") for name, _, _ in answer]


def test_related_products_come_from_what_baskets_hold(tmp_path: Path) -> None:
    answer = shop(tmp_path).recommend(RecommendRequest(product="s:pan1", first=5), Shelves(ALL))
    assert set(names(answer)[:2]) == {"lamp1", "lamp2"}
    scores = [score for _, score, _ in answer]
    assert scores == sorted(scores, reverse=True)
    reason = dict(zip(names(answer), (reasons[0] for _, _, reasons in answer), strict=True))["lamp1"]
    assert reason.text == "goes with Pan 1: 8 baskets had both"
    assert (reason.kind, reason.subject, reason.count) == ("behaviour", "s:pan1", 8)


def test_complements_are_bought_together_and_of_another_type(tmp_path: Path) -> None:
    answer = shop(tmp_path).recommend(RecommendRequest(product="s:pan2", intent="complementary", first=3), Shelves(ALL))
    assert names(answer)[0] == "lamp1"
    assert "pan3" in names(answer)  # also bought with it, but a pan
    assert answer[0][2][0].text == "goes with Pan 2: 5 baskets had both"


def test_substitutes_are_alike_and_not_bought_together(tmp_path: Path) -> None:
    answer = shop(tmp_path).recommend(RecommendRequest(product="s:pan2", intent="substitute"), Shelves(ALL))
    assert all(name.startswith("pan") for name in names(answer))
    assert "pan3" not in names(answer)
    assert names(answer)[0] == "pan4" or names(answer)[0] == "pan5"  # colour or brand as pan2
    assert any("same" in reason.text and reason.kind == "content" for reason in answer[0][2])


def test_a_substitute_of_another_type_is_nearer_in_meaning_than_all_of_the_same(tmp_path: Path) -> None:
    shelves = Shelves(ALL)
    shelves.near["s:pan2"] = [("s:mouse2", 0.9), ("s:pan4", 0.8), ("s:mouse3", 0.7), ("s:pan3", 0.6)]
    answer = shop(tmp_path).recommend(RecommendRequest(product="s:pan2", intent="substitute"), shelves)
    assert {"mouse2", "pan4"} <= set(names(answer))
    assert not {"mouse3", "pan3"} & set(names(answer))  # farther than a pan; bought with it
    said = {name: {reason.text for reason in reasons} for name, _, reasons in answer}
    assert said["s:mouse2"] == {"close in meaning (cosine 0.90)"}
    assert "close in meaning (cosine 0.80)" in said["s:pan4"]


def test_what_nobody_has_bought_answers_by_content(tmp_path: Path) -> None:
    found = shop(tmp_path)
    intents: tuple[Intent, ...] = ("related", "complementary", "substitute")
    for intent in intents:
        answer = found.recommend(RecommendRequest(product="s:pan6", intent=intent, first=5), Shelves(ALL))
        assert answer
        assert "pan6" not in names(answer)
        assert all(reasons for _, _, reasons in answer)
    complements = found.recommend(RecommendRequest(product="s:pan6", intent="complementary", first=2), Shelves(ALL))
    assert names(complements)[0].startswith("lamp")  # what goes with pans like it


def test_one_place_is_kept_for_what_nobody_has_bought(tmp_path: Path) -> None:
    answer = shop(tmp_path).recommend(RecommendRequest(product="s:pan3", first=4), Shelves(ALL))
    assert "pan6" in names(answer)
    assert answer[names(answer).index("pan6")][2][0].kind == "content"


def test_a_product_that_came_after_the_snapshot_is_found_and_answered_for(tmp_path: Path) -> None:
    found = shop(tmp_path)
    later = Shelves([*(row for row in ALL if row["key"] != "pan6"), product("pan9")])
    assert names(found.recommend(RecommendRequest(product="s:pan3", first=4), later))[-1] == "pan9"
    answer = found.recommend(RecommendRequest(product="s:pan9", intent="substitute"), later)
    assert names(answer)
    assert all(name.startswith("pan") for name in names(answer))
    found.apply(2, [live(event(2, "b0", "pan9", "view"))])
    assert "s:pan9" in found.popularity()["product_id"].to_pylist()
    assert names(found.recommend(RecommendRequest(shopper="b0"), later))


def test_a_basket_gets_what_goes_with_it(tmp_path: Path) -> None:
    answer = shop(tmp_path).recommend(RecommendRequest(basket=("s:milk1", "s:nothing"), first=3), Shelves(ALL))
    assert names(answer)[0] == "milk2"
    assert answer[0][2][0].text == "because of Milk 1 in your basket: 7 baskets had both"


def test_the_engine_ranks_as_the_blend_that_is_evaluated(tmp_path: Path) -> None:
    """For each shopper, where nothing may come again: what `evaluate recommend` judges is what is answered."""
    rows = drawn(300)
    never = Rules({category_id([top]): False for top in ("Home", "Food", "Tech")})
    found, blend = shop(tmp_path, rows, never), Behaviour.open(tmp_path).blend
    base = Behaviour.open(tmp_path)
    number = {name: at for at, name in enumerate(base.ids)}
    for shopper in {row["shopper"] for row in rows}:
        answer = found.recommend(RecommendRequest(shopper=shopper, first=3), Shelves(ALL))
        at = list(base.owners).index(f"shopper:{shopper}")
        history = Sequences.of([base.histories.row(at).tolist()])
        unseen = np.ones(len(base.ids), bool)
        unseen[history.items] = False
        ids, _ = blend.score(history.tails(MEMORY), 3, unseen, seen=True)
        assert [number[name] for name, _, _ in answer] == [item for item in ids[0].tolist() if item >= 0][: len(answer)]
        assert len(answer) == 3


def test_groceries_come_again_and_a_pan_does_not(tmp_path: Path) -> None:
    weekly = [
        event(7 * week, "anna", name, basket=f"a{week}")
        for week in range(3)
        for name in (["milk3", "pan4"] if week < 2 else ["lamp3"])
    ]
    found = shop(tmp_path, [*BASKETS, *weekly])
    answer = found.recommend(RecommendRequest(shopper="anna", first=4), Shelves(ALL))
    assert names(answer)[0] == "milk3"
    assert (answer[0][2][0].text, answer[0][2][0].count) == ("you bought it 2 times", 2)
    assert "pan4" not in names(answer)
    about = found.recommend(RecommendRequest(shopper="anna", product="s:pan1", first=4), Shelves(ALL))
    assert names(about)[0] != "milk3"


def test_events_long_after_the_snapshot_do_not_drown_what_a_session_says(tmp_path: Path) -> None:
    found = shop(tmp_path)
    for at in range(20):  # a year later others look at a mouse, again and again
        found.apply(2 + at, [live(event(365, f"x{at}", "mouse2", "view"))])
    found.apply(30, [live(event(365, None, "pan1", "view", session="s"))])
    answer = found.recommend(RecommendRequest(session="s", first=2), Shelves(ALL))
    assert set(names(answer)) == {"lamp1", "lamp2"}
    assert answer[0][2][0].subject == "s:pan1"


def test_new_shoppers_and_nobody_get_what_is_popular(tmp_path: Path) -> None:
    found = shop(tmp_path)
    nobody = found.recommend(RecommendRequest(first=3), Shelves(ALL))
    assert found.recommend(RecommendRequest(shopper="new", session="new", first=3), Shelves(ALL)) == nobody
    assert names(nobody)[0] == "pan1"
    assert nobody[0][2][0].text == "bought by 14 shoppers since 5 December 2025"
    assert nobody[0][2][0].count == 14


def test_a_shop_without_events_still_answers(tmp_path: Path) -> None:
    found = shop(tmp_path, [])
    assert len(found.recommend(RecommendRequest(first=7), Shelves(ALL))) == 7
    intents: tuple[Intent, ...] = ("related", "complementary", "substitute")
    for intent in intents:
        answer = found.recommend(RecommendRequest(product="s:pan1", intent=intent, first=3), Shelves(ALL))
        assert names(answer)[0].startswith("pan") is (intent != "complementary")
    empty = engine(tmp_path / "empty", [], [])
    assert len(empty.recommend(RecommendRequest(first=7), Shelves(ALL))) == 7
    assert empty.recommend(RecommendRequest(), Shelves([])) == []


def test_unknown_and_retired_products_are_not_found(tmp_path: Path) -> None:
    found = shop(tmp_path)
    for name, catalogue in (("s:nothing", Shelves(ALL)), ("s:pan1", Shelves(ALL, gone=["s:pan1"]))):
        with pytest.raises(NotFoundError):
            found.recommend(RecommendRequest(product=name), catalogue)


def test_filters_hold_through_every_door_and_retired_products_never_appear(tmp_path: Path) -> None:
    found, catalogue = shop(tmp_path), Shelves(ALL, gone=["s:lamp1"])
    requests = [
        RecommendRequest(product="s:pan1"), RecommendRequest(product="s:pan1", intent="complementary"),
        RecommendRequest(product="s:pan1", intent="substitute"), RecommendRequest(basket=("s:pan1",)),
        RecommendRequest(shopper="b0"), RecommendRequest(),
    ]  # fmt: skip
    for request in requests:
        whole = names(found.recommend(request, catalogue))
        assert whole
        assert "lamp1" not in whole
        filtered = RecommendRequest(request.shopper, None, request.product, request.basket, request.intent, 50,
                                    Filter(brands=("Sorrel",)))  # fmt: skip
        brands = {row["key"]: row["brand"] for row in ALL}
        assert {brands[name] for name in names(found.recommend(filtered, catalogue))} <= {"Sorrel"}
    nothing = RecommendRequest(shopper="b0", filter=Filter(brands=("None",)))
    assert found.recommend(nothing, catalogue) == []


def test_first_is_kept(tmp_path: Path) -> None:
    found = shop(tmp_path)
    for first in (0, 1, 4, 100):
        answer = found.recommend(RecommendRequest(shopper="b0", first=first), Shelves(ALL))
        assert len(answer) <= first
        assert len(set(names(answer))) == len(answer)


def test_groceries_come_again_and_a_drill_does_not(tmp_path: Path) -> None:
    rows = [event(day, "x", name) for day in (0, 5, 10) for name in ("milk1", "pan1")] + [event(20, "x", "mouse1")]
    answer = shop(tmp_path, BASKETS + rows).recommend(RecommendRequest(shopper="x", first=50), Shelves(ALL))
    assert "milk1" in names(answer)
    assert not {"pan1", "mouse1"} & set(names(answer))
    reasons = answer[names(answer).index("milk1")][2]
    assert any(reason.text == "you bought it 3 times" and reason.count == 3 for reason in reasons)


def test_what_was_bought_a_moment_ago_waits_a_day(tmp_path: Path) -> None:
    found = shop(tmp_path)
    found.apply(2, [live(event(30, "x", "milk1")), live(event(30, "x", "mouse2", "view"))])
    assert "milk1" not in names(found.recommend(RecommendRequest(shopper="x", first=50), Shelves(ALL)))
    found.apply(3, [live(event(32, "x", "mouse3", "view"))])
    assert "milk1" in names(found.recommend(RecommendRequest(shopper="x", first=50), Shelves(ALL)))


def test_the_default_is_learnt_from_the_shoppers(tmp_path: Path) -> None:
    rows = [event(day, f"x{who}", name) for who in range(25) for day in (0, 9) for name in ["milk1"]]
    rows += [event(3, f"x{who}", "mouse1") for who in range(25)]
    answer = shop(tmp_path, rows, Rules()).recommend(RecommendRequest(shopper="x3", first=50), Shelves(ALL))
    answer_later = names(answer)
    assert "mouse1" not in answer_later
    found = shop(tmp_path / "later", [*rows, event(20, "x3", "pan1")], Rules())
    assert "milk1" in names(found.recommend(RecommendRequest(shopper="x3", first=50), Shelves(ALL)))


def test_alike_products_do_not_fill_the_list(tmp_path: Path) -> None:
    alike = [product(f"lamp{at}", title="Lamp", title_derived=True) for at in range(10, 40)]
    rows = baskets(*[["pan1", *(f"lamp{at}" for at in range(10, 40))]] * 6, *[["pan1", "mouse1"]] * 5)
    products = [*ALL, *alike]
    answer = engine(tmp_path, rows, products).recommend(RecommendRequest(product="s:pan1", first=5), Shelves(products))
    assert sum(name in {row["key"] for row in alike} for name in names(answer)) == 1
    assert "mouse1" in names(answer)

    class Grouped(Shelves):
        def group(self, product_id: str) -> str:
            return product_id[:6]

    answer = engine(tmp_path / "b", BASKETS).recommend(RecommendRequest(basket=("s:milk1",)), Grouped(ALL))
    assert len({name[:4] for name in names(answer)}) == len(answer)


def test_the_next_answer_moves(tmp_path: Path) -> None:
    found, catalogue = shop(tmp_path), Shelves(ALL)
    session = RecommendRequest(session="tab", first=3)
    before = found.recommend(session, catalogue)
    found.apply(2, [live(event(2, None, "milk1", "view", session="tab"))])
    after = found.recommend(session, catalogue)
    assert after != before
    assert names(after)[0] == "milk2"
    assert after[0][2][0].text == "because you looked at Milk 1: 7 baskets had both"
    found.apply(3, [live(event(2, None, "milk2", "remove", session="tab"))])
    assert "milk2" not in names(found.recommend(session, catalogue))
    found.apply(4, [live(event(2.1, None, "milk2", "cart", session="tab"))])
    found.apply(4, [live(event(2.1, None, "mouse1", "remove", session="tab"))])  # known already: not taken twice
    assert "mouse1" in names(found.recommend(RecommendRequest(session="tab", first=50), catalogue))


def test_a_session_keeps_to_itself_and_follows_its_shopper(tmp_path: Path) -> None:
    found, catalogue = shop(tmp_path), Shelves(ALL)
    found.apply(2, [live(event(2, "x", "milk1", "view", session="tab"))])
    assert names(found.recommend(RecommendRequest(session="tab", first=1), catalogue)) == ["milk2"]
    assert names(found.recommend(RecommendRequest(shopper="x", first=1), catalogue)) == ["milk2"]
    found.apply(3, [live(event(3, "x", "pan1", "buy", session="other"))])
    assert names(found.recommend(RecommendRequest(session="tab", first=1), catalogue)) == ["milk2"]


def test_sessions_survive_the_snapshot(tmp_path: Path) -> None:
    rows = [event(9, None, "milk1", "view", session="tab"), event(9, "x", "pan1", "view", session="own")]
    found = shop(tmp_path, BASKETS + rows)
    assert names(found.recommend(RecommendRequest(session="tab", first=1), Shelves(ALL))) == ["milk2"]
    assert names(found.recommend(RecommendRequest(session="own", first=1), Shelves(ALL))) == ["lamp1"]


def test_a_pair_bought_a_moment_ago_is_a_reason_at_once(tmp_path: Path) -> None:
    found, catalogue = shop(tmp_path), Shelves(ALL)
    for at in range(5):
        lines = [live(event(3 + at, f"y{at}", name, basket=f"new{at}")) for name in ("mouse2", "milk5")]
        found.apply(2 + at, lines)
    answer = found.recommend(RecommendRequest(product="s:mouse2", intent="complementary", first=1), catalogue)
    assert names(answer) == ["milk5"]
    assert answer[0][2][0].text == "goes with Mouse 2: 5 baskets had both"
    assert ("s:milk5", "s:mouse2") in {
        (row["product_a"], row["product_b"]) for row in found.bought_together().to_pylist()
    }


def test_the_same_event_twice_counts_once(tmp_path: Path) -> None:
    found = shop(tmp_path)
    again = live(event(2, "x", "mouse2", event_id="once"))
    found.apply(2, [again, again])
    found.apply(3, [again])
    assert found.recommend(RecommendRequest(first=50), Shelves(ALL))
    popularity = {row["product_id"]: row["popularity"] for row in found.popularity().to_pylist()}
    assert popularity["s:mouse2"] == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("cut", [200, 420])
def test_every_count_that_is_said_is_true(tmp_path: Path, cut: int) -> None:
    """All reasons of many answers against the events themselves, partly in the snapshot, partly on top of it."""
    rows = sorted(drawn(220), key=lambda row: row["time"])
    while 0 < cut < len(rows) and rows[cut]["basket"] == rows[cut - 1]["basket"]:
        cut += 1
    found, catalogue = shop(tmp_path, rows[:cut]), Shelves(ALL)
    found.apply(2, [live(row) for row in rows[cut:]])
    inside = list(contents(rows).values())
    buyers: dict[str, set[str]] = {row["product_id"]: set() for row in ALL}
    for row in rows:
        buyers[row["product_id"]].add(row["shopper"])
    since = found._base.since * 60
    lately = {
        name: {r["shopper"] for r in rows if r["product_id"] == name and r["time"].timestamp() >= since}
        for name in buyers
    }
    titles = {row["product_id"]: row["title"] for row in ALL}
    said = 0
    requests = [RecommendRequest(product=row["product_id"], intent=intent)
                for row in ALL for intent in ("related", "complementary", "substitute")]  # fmt: skip
    requests += [RecommendRequest(shopper=f"c{who}") for who in range(40)]
    requests += [RecommendRequest(basket=(ALL[at]["product_id"], ALL[-at]["product_id"])) for at in range(1, 9)]
    requests.append(RecommendRequest())
    for request in requests:
        for name, _, reasons in found.recommend(request, catalogue):
            assert reasons
            for reason in reasons:
                if "baskets had both" in reason.text or "basket had both" in reason.text:
                    assert reason.count == sum({name, reason.subject} <= names_ for names_ in inside)
                    assert titles[reason.subject] in reason.text
                elif "bought both" in reason.text:
                    assert reason.count == len(buyers[name] & buyers[reason.subject])
                elif "since" in reason.text:
                    assert reason.count == len(lately[name])
                elif "you bought" in reason.text:
                    times = sum(r["shopper"] == request.shopper and r["product_id"] == name for r in rows)
                    assert reason.count == times
                else:
                    assert reason.count is None
                    continue
                assert str(reason.count) in re.sub(r"\D", " ", reason.text).split() or reason.count == 1
                said += 1
    assert said > 300


def test_content_reasons_name_what_is_shared(tmp_path: Path) -> None:
    answer = shop(tmp_path).recommend(RecommendRequest(product="s:pan2", intent="substitute"), Shelves(ALL))
    found = {name: reasons[0].text for name, (_, _, reasons) in zip(names(answer), answer, strict=True)}
    assert found["pan4"] == "same type and colour as Pan 2"
    assert found["pan5"] == "same brand and type as Pan 2"


def test_many_threads_read_and_write_at_once(tmp_path: Path) -> None:
    found, catalogue, failures = shop(tmp_path, drawn(200)), Shelves(ALL), []
    turn, lock = iter(range(2, 10_000)), threading.Lock()
    draw = np.random.default_rng(1)
    keys = draw.choice([row["key"] for row in ALL], (2, 200))

    def write(who: int) -> None:
        for at in range(200):
            with lock:
                found.apply(next(turn), [live(event(61, f"w{who}", str(keys[who, at]), basket=f"w{who}-{at // 3}"))])

    def read(who: int) -> None:
        try:
            for at in range(60):
                row = ALL[(at * 7 + who) % len(ALL)]
                intents: tuple[Intent, ...] = ("related", "complementary", "substitute")
                answer = found.recommend(RecommendRequest(product=row["product_id"], intent=intents[at % 3]), catalogue)
                assert all(np.isfinite(score) for _, score, _ in answer)
                found.recommend(RecommendRequest(shopper=f"w{who % 2}"), catalogue)
                found.evidence("s:pan1", "s:lamp1")
                found.bought_together()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(who,)) for who in range(2)]
    threads += [threading.Thread(target=read, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert sum(len(history) for history in found._live.histories.values()) == 400
    expected: dict[str, set[str]] = {}
    for who in range(2):
        for at in range(200):
            expected.setdefault(f"w{who}-{at // 3}", set()).add(f"s:{keys[who, at]}")
    both = sum({"s:pan1", "s:lamp1"} <= inside for inside in [*expected.values(), *contents(drawn(200)).values()])
    assert found.evidence("s:pan1", "s:lamp1").baskets == both
