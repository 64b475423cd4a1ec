import threading
import time

import pytest

from graphsvc.breaker import Breaker
from graphsvc.errors import GraphUnavailable, QueryError


def away() -> str:
    raise GraphUnavailable("Nothing answers.", "Start it.")


def wrong() -> str:
    raise QueryError("Not so.", "Otherwise.")


def test_what_is_given_or_raised_comes_back() -> None:
    breaker = Breaker(60.0)
    assert breaker.ask(lambda: "yes", 5.0) == "yes"
    with pytest.raises(QueryError, match="Not so"):
        breaker.ask(wrong, 5.0)
    assert breaker.ask(lambda: "yes", 5.0) == "yes"


def test_what_hangs_is_given_up_and_not_asked_again_for_a_while() -> None:
    hold, asked = threading.Event(), []

    def hang() -> None:
        asked.append(1)
        hold.wait(10)

    breaker, start = Breaker(60.0), time.monotonic()
    for _ in range(100):
        with pytest.raises(GraphUnavailable, match=r"no answer within 0\.1 s"):
            breaker.ask(hang, 0.1)
    assert (len(asked), time.monotonic() - start < 5.0) == (1, True)
    hold.set()


def test_after_the_rest_one_asks_for_all() -> None:
    breaker, hold = Breaker(0.0), threading.Event()
    with pytest.raises(GraphUnavailable):
        breaker.ask(away, 5.0)
    found: list[bool] = []
    probe = threading.Thread(target=lambda: found.append(breaker.ask(lambda: hold.wait(5), 5.0)))
    probe.start()
    time.sleep(0.2)
    with pytest.raises(GraphUnavailable, match="Nothing answers"):
        breaker.ask(lambda: "yes", 5.0)
    hold.set()
    probe.join()
    assert (found, breaker.ask(lambda: "yes", 5.0)) == ([True], "yes")


def test_who_hears_of_it_elsewhere_may_say_that_it_answers() -> None:
    breaker = Breaker(60.0)
    with pytest.raises(GraphUnavailable):
        breaker.ask(away, 5.0)
    breaker.reset()
    assert breaker.ask(lambda: "yes", 5.0) == "yes"


def test_what_was_given_up_can_be_waited_for() -> None:
    breaker, ended = Breaker(60.0), threading.Event()

    def slow() -> None:
        time.sleep(0.3)
        ended.set()

    with pytest.raises(GraphUnavailable):
        breaker.ask(slow, 0.01)
    breaker.settle(0.01)
    assert not ended.is_set()
    breaker.settle(5.0)
    assert ended.is_set()
