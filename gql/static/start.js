// Starts GraphiQL against the service that served this page. Tokens are typed by hand and kept by no one.
const query = `# Put the shop's publishable token under Headers, below.
query Search($query: String! = "pan") {
  search(query: $query, first: 5, facets: ["brand", "category"]) {
    totalCount
    correctedQuery
    edges {
      score
      reasons { text share }
      node { id title brand price currency category }
    }
    facets { label values { name value count } }
    pageInfo { hasNextPage endCursor }
  }
}
`;

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: "graphql" }),
    defaultQuery: query,
    defaultHeaders: '{\n  "Authorization": "Bearer "\n}',
    defaultEditorToolsVisibility: "headers",
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false,
  }),
);
