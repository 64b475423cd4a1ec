"""How a measurement says whether a bound holds; `perf.__main__` reads the word."""


def said(held: bool) -> str:
    return "holds" if held else "DOES NOT HOLD"
