"""One GraphQL request, executed: prepared, checked, run against the service, its errors made fit to be shown.

Synchronous; runs in whatever thread calls it. Knows no HTTP beyond the status that an answer deserves.
"""

from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, OperationType

from gql.context import Context
from gql.documents import Documents
from gql.errors import RequestError, failed, shown
from gql.requests import GraphqlRequest
from gql.schema import Schema
from gql.service import Service
from gql.tokens import Access
from graphsvc.errors import QueryError


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back; without "data" it was never executed.

    `outcome` is ok, partial (some field failed), refused (the caller's fault) or failed (ours).
    """

    content: dict[str, Any]
    outcome: str
    status: int = 200


class Executor:
    """Runs requests against one service. Any number of threads may call it."""

    def __init__(self, schema: Schema, documents: Documents, service: Service) -> None:
        self._schema, self._documents, self._service = schema, documents, service

    def run(self, request: GraphqlRequest, access: Access) -> Answer:
        """Execute one request. Whatever happens stands in the answer; nothing is raised."""
        try:
            return self._run(request, access)
        except RequestError as error:
            return Answer({"errors": [shown(error)]}, "refused", error.status)
        except (QueryError, GraphQLError) as error:
            return Answer({"errors": [shown(error)]}, "refused")
        except Exception as error:
            return Answer({"errors": [shown(error)]}, "failed", 500)

    def _run(self, request: GraphqlRequest, access: Access) -> Answer:
        document = self._documents.take(request.query)
        operation = document.operation(request.operation)
        if request.reads and operation.operation is not OperationType.QUERY:
            raise RequestError("A GET may only read.", "Send mutations by POST.", 405)
        fields = self._documents.fields(document, request.operation, request.variables)
        result = self._schema.execute_sync(
            request.query,
            variable_values=request.variables,
            context_value=Context(self._service, access, document, fields),
            operation_name=request.operation,
        )
        if not result.errors:
            return Answer({"data": result.data}, "ok")
        errors = [shown(error) for error in result.errors]
        if result.data is None and not any("path" in error for error in errors):  # it was never executed
            return Answer({"errors": errors}, "failed" if failed(errors) else "refused")
        outcome = "failed" if failed(errors) else "partial" if result.data is not None else "refused"
        return Answer({"errors": errors, "data": result.data}, outcome)
