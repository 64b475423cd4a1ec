# The service, installed from the lock. hnswlib is built here without -march=native, so that the image runs on any x86-64 or arm64.
FROM python:3.12-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends g++ && rm -rf /var/lib/apt/lists/*
ENV HNSWLIB_NO_NATIVE=1
WORKDIR /app
COPY requirements.lock ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir uv==0.13.9 \
    && /venv/bin/uv pip sync --compile-bytecode --require-hashes --no-cache --python /venv/bin/python requirements.lock

FROM python:3.12-slim
RUN useradd --uid 10001 --create-home graphsvc && mkdir /data && chown graphsvc /data
COPY --from=build /venv /venv
WORKDIR /app
COPY extractors extractors
COPY embeddings embeddings
COPY cypher cypher
COPY graphsvc graphsvc
COPY gql gql
COPY demo demo
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app GRAPHSVC_HOME=/data NUMBA_CACHE_DIR=/tmp/numba XDG_CACHE_HOME=/data/cache
USER graphsvc
EXPOSE 8090
CMD ["python", "-m", "graphsvc", "serve"]
