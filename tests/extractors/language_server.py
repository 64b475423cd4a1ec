"""A real language model behind llama.cpp's server: `python -m tests.extractors.language_server MODEL KEY`.

It prints its address and serves until its standard input ends. Small and weak: it proves the protocol, no quality.
"""

import sys
from pathlib import Path

MODEL = "gemma3-270m"


def serve(file: Path, key: str) -> None:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(file)
    params.model_alias = {MODEL}
    params.api_keys = [key]
    params.port = 0
    params.n_ctx = 2048
    params.n_gpu_layers = 0
    params.cpuparams.n_threads = 1
    server = xllamacpp.Server(params)
    sys.stdout.write(f"{server.listening_address}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2])
