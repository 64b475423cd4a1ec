"""Why an answer has no hits, and what to try, as sentences for people. Knows the question and whether words matched."""

from graphsvc.search.filters import is_bounded
from graphsvc.types import Filter, SearchRequest

LONGEST = 80  # characters of a query that are said again


def why_empty(request: SearchRequest, matched: bool, currency: str | None) -> str:
    """Say what left the answer empty: the words, or the filter. `matched`: some product matches the query alone."""
    query, wanted = request.query.strip(), request.filter
    asked = f"“{query[:LONGEST]}{'…' if len(query) > LONGEST else ''}”"
    if not matched and query:
        said = f"No product has a word of {asked}, and none is near it in meaning."
        instead = "other or fewer words" if request.correct else "other or fewer words, or let them be corrected"
        return f"{said} Try {instead}."
    if not matched:
        return "There are no products. Import some."
    said = f"Products match {asked}, but none" if query else "No product"
    compared = f" Prices were compared in {currency}." if currency and is_bounded(wanted) else ""
    return f"{said} passes the filter.{compared} Take a part of the filter away{_or_currency(wanted)}."


def _or_currency(wanted: Filter) -> str:
    return ", or name another currency" if is_bounded(wanted) and wanted.currency is None else ""
