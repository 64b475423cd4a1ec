"""Claims from a large language model, every one proved by the text that it quotes.

For what cheaper extractors abstained on, hence no row of `EXTRACTORS`. Nothing that a model says is believed: a value
that does not stand in the title or text is refused and counted, so is an answer that was cut off or breaks the schema.
Knows documents and claims; how to ask stands in `llm_prompt`, whom in `llm_client`, at what cost in `llm_account`.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from extractors.errors import LanguageModelRefused
from extractors.llm_account import Account, Budget, Usage
from extractors.llm_cache import AnswerCache
from extractors.llm_client import Answer, ChatClient
from extractors.llm_prompt import PROMPT_VERSION, Fact, question_of, read_facts
from extractors.measures import read_measure
from extractors.quotes import find_quote
from extractors.types import Claim, Document, Span

PREDICATES = ("has_brand", "made_by", "has_attribute")
UNFINISHED = {"length": "cut off", "content_filter": "filtered"}  # reasons to finish that leave no whole answer


class LanguageModelExtractor:
    """Asks a model about each document. `confidence` is stated, not measured: models do not know how sure they are.

    `version` holds the prompt's version and the model's name. Close it, or use it in a `with`.
    """

    name = "llm"

    def __init__(
        self,
        client: ChatClient,
        cache: AnswerCache,
        *,
        budget: Budget | None = None,
        predicates: Sequence[str] = PREDICATES,
        confidence: float = 0.6,
        threads: int = 4,
        max_tokens: int = 1_024,
    ) -> None:
        self.version = f"{PROMPT_VERSION}+{client.model}"
        self._client, self._cache, self._account = client, cache, Account(budget or Budget())
        self._predicates, self._confidence = tuple(predicates), confidence
        self._threads, self._max_tokens = threads, max_tokens
        self.unanswered: set[str] = set()  # documents of which nothing is known, for the budget or the server said no

    def extract(self, documents: Sequence[Document]) -> list[list[Claim]]:
        """Return the claims of each document; none where the budget was used up before it was asked about.

        Raises LanguageModelUnavailable or LanguageModelRefused; what was answered until then is kept and costs nothing
        in another run.
        """
        with ThreadPoolExecutor(self._threads, thread_name_prefix="llm") as pool:
            return list(pool.map(self._read, documents))

    def usage(self) -> Usage:
        """What was asked, spent and refused until now."""
        return self._account.usage()

    def close(self) -> None:
        """Close the connections and the cache."""
        self._client.close()
        self._cache.close()

    def __enter__(self) -> "LanguageModelExtractor":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _read(self, document: Document) -> list[Claim]:
        if not (document.title.strip() or document.text.strip()):
            return []
        answer = self._answer(question_of(document, self._client.model, self._predicates, self._max_tokens))
        if answer is None:
            self.unanswered.add(document.id)
        facts = [] if answer is None else self._facts(answer)
        claims = {claim.id: claim for fact in facts for claim in self._claims(fact, document)}
        return list(claims.values())

    def _answer(self, question: bytes) -> Answer | None:
        """The answer, from the cache or for money. None when the budget is used up or the question was refused."""
        answer, cached = self._cache.answer(question, lambda: self._ask(question))
        if cached:
            self._account.record_cached()
        return answer

    def _ask(self, question: bytes) -> Answer | None:
        """Ask within the budget. A question has at most as many tokens as bytes.

        A question that the server refuses is counted, unless no other was ever answered: then it is not the question.
        """
        reserved = self._account.reserve(len(question), self._max_tokens)
        if reserved is None:
            return None
        try:
            answer = self._client.ask(question)
            self._account.record(answer, len(question), self._max_tokens)
            return answer
        except LanguageModelRefused as error:
            usage = self._account.usage()
            if not error.about_question or not usage.calls + usage.cached:
                raise
            self._account.refuse("refused by the server")
            return None
        finally:
            self._account.release(reserved)

    def _facts(self, answer: Answer) -> list[Fact]:
        reason = UNFINISHED.get(answer.finish_reason)
        if reason is None:
            try:
                return read_facts(answer.content)
            except ValueError:
                reason = "not by the schema"
        self._account.refuse(reason)
        return []

    def _claims(self, fact: Fact, document: Document) -> Iterator[Claim]:
        """The claim of a fact that holds, or none."""
        name = fact.name.strip() if fact.predicate == "has_attribute" else ""
        place = _place(fact.value, name or fact.predicate, document)
        if fact.predicate not in self._predicates:
            self._account.refuse("unknown predicate")
        elif fact.predicate == "has_attribute" and not name:
            self._account.refuse("no name")
        elif place is None:
            self._account.refuse("not in the text")
        else:
            yield self._claim(document, fact.predicate, name, place)

    def _claim(self, document: Document, predicate: str, name: str, place: Span) -> Claim:
        text = document.title if place.field == "title" else document.text
        quote = text[place.start : place.end]
        measure = read_measure(quote) if name else None
        return Claim(
            subject=document.id,
            predicate=predicate,
            object=quote,
            confidence=self._confidence,
            extractor=self.name,
            version=self.version,
            qualifier=name,
            number=measure.number if measure else None,
            unit=measure.unit if measure else None,
            evidence=place,
            quote=quote,
        )


def _place(value: str, label: str, document: Document) -> Span | None:
    for field, text in (("title", document.title), ("text", document.text)):
        found = find_quote(value, text)
        if found is not None:
            return Span(field, *found, label)
    return None
