"""Our engine beside llama-server: the same GGUF file, prompts and threads, greedy, alternating in one run.

    python benchmarks/engine.py [--model FILE] [--prompts 8] [--tokens 64]

Prints tokens a second of both, their ratio (above 1: we are faster) for one chat at a time and for four at once, and
one JSON row. Time runs from asking to the last token, so prompts are in it. llama-server is the one in the `xllamacpp`
wheel; both servers are asked over HTTP on loopback. Prompts are pieces of the running Python's standard library.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import httpx

from inference.engine.capacity import plan_capacity
from inference.engine.llama import LlamaEngine
from inference.model_file import ModelFile, read_model_file
from inference.models import resolve_model
from server.app import create_app
from server.serving import Server, listen, url_of

#: Tokens of one prompt, and requests of the concurrent part that are under way together.
PROMPT_TOKENS, TOGETHER = 300, 4
#: The window of both programs, in tokens.
WINDOW = 4096

Prompt = tuple[int, ...]
#: Continue a prompt by so many tokens; returns how many were written.
Ask = Callable[[Prompt, int], int]


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens a second of each program over the same prompts."""

    ours: float
    llama_server: float

    @property
    def ratio(self) -> float:
        """Ours over theirs."""
        return self.ours / self.llama_server


def main() -> None:
    """Run both and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="a GGUF file or a model's name (default: the embedded model)")
    parser.add_argument("--prompts", type=int, default=8, help="prompts one at a time; as many again at once")
    parser.add_argument("--tokens", type=int, default=64, help="new tokens for each prompt")
    arguments = parser.parse_args()
    file = read_model_file(resolve_model(arguments.model))
    with _our_server(file) as (engine, ours), _llama_server(file) as theirs:
        prompts = _prompts(engine, 2 * arguments.prompts + 1)
        for ask in (ours, theirs):
            ask(prompts[-1], 8)
        alone = _alone(ours, theirs, prompts[: arguments.prompts], arguments.tokens)
        together = _together(ours, theirs, prompts[arguments.prompts : -1], arguments.tokens)
    for name, speed in (("one at a time", alone), (f"{TOGETHER} at once", together)):
        numbers = f"coder {speed.ours:6.1f} tokens/s   llama-server {speed.llama_server:6.1f} tokens/s"
        print(f"{name:<14} {numbers}   ratio {speed.ratio:.2f}")
    print(json.dumps(_row(file, alone, together, arguments)))


def _alone(ours: Ask, theirs: Ask, prompts: list[Prompt], tokens: int) -> Speed:
    """The median over prompts; who goes first alternates."""
    speeds: dict[Ask, list[float]] = {ours: [], theirs: []}
    for turn, prompt in enumerate(prompts):
        for ask in (ours, theirs) if turn % 2 == 0 else (theirs, ours):
            start = time.perf_counter()
            written = ask(prompt, tokens)
            speeds[ask].append(written / (time.perf_counter() - start))
    return Speed(statistics.median(speeds[ours]), statistics.median(speeds[theirs]))


def _together(ours: Ask, theirs: Ask, prompts: list[Prompt], tokens: int) -> Speed:
    """The median over groups of `TOGETHER` prompts; who goes first alternates."""
    speeds: dict[Ask, list[float]] = {ours: [], theirs: []}
    with ThreadPoolExecutor(TOGETHER) as pool:
        for turn, first in enumerate(range(0, len(prompts), TOGETHER)):
            group = prompts[first : first + TOGETHER]
            for ask in (ours, theirs) if turn % 2 == 0 else (theirs, ours):
                start = time.perf_counter()
                written = sum(pool.map(ask, group, [tokens] * len(group)))
                speeds[ask].append(written / (time.perf_counter() - start))
    return Speed(statistics.median(speeds[ours]), statistics.median(speeds[theirs]))


@contextmanager
def _our_server(file: ModelFile) -> Iterator[tuple[LlamaEngine, Ask]]:
    """`coder-serve`'s application on a free loopback port, and the engine in it."""
    engine = LlamaEngine(file, plan_capacity(file, min(WINDOW, file.context_length)))
    listener = listen("127.0.0.1", 0)
    server = Server(create_app(engine))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    with httpx.Client(base_url=url_of(listener, "127.0.0.1"), timeout=600) as client:

        def ask(prompt: Prompt, tokens: int) -> int:
            body = {"model": "coder-raw", "prompt": list(prompt), "max_tokens": tokens, "temperature": 0}
            reply = client.post("/v1/completions", json=body).raise_for_status().json()
            return int(reply["usage"]["completion_tokens"])

        try:
            yield engine, ask
        finally:
            server.should_exit = True
            thread.join(timeout=30)
            engine.close()


@contextmanager
def _llama_server(file: ModelFile) -> Iterator[Ask]:
    import xllamacpp

    threads = plan_capacity(file).threads
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(file.path)
    parameters.hostnames, parameters.port, parameters.verbosity, parameters.ui = ["127.0.0.1"], 0, -1, False
    parameters.n_parallel, parameters.n_ctx = TOGETHER, WINDOW * TOGETHER
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    server = xllamacpp.Server(parameters)
    with httpx.Client(base_url=server.listening_address, timeout=600) as client:

        def ask(prompt: Prompt, tokens: int) -> int:
            body = {"prompt": list(prompt), "n_predict": tokens, "temperature": 0, "cache_prompt": True}
            reply = client.post("/completion", json=body).raise_for_status().json()
            return int(reply["tokens_predicted"])

        yield ask
    del server


def _prompts(engine: LlamaEngine, count: int) -> list[Prompt]:
    """Beginnings of the standard library's largest modules."""
    folder = Path(sysconfig.get_path("stdlib"))
    files = sorted(folder.glob("*.py"), key=lambda path: (-path.stat().st_size, path.name))
    return [tuple(engine.tokenize(path.read_text()[:8000])[:PROMPT_TOKENS]) for path in files[:count]]


def _row(file: ModelFile, alone: Speed, together: Speed, arguments: argparse.Namespace) -> dict[str, object]:
    return {
        "benchmark": "engine",
        "commit": _commit(),
        "model": file.name,
        "quantisation": file.quantisation,
        "bytes": file.size,
        "threads": plan_capacity(file).threads,
        "prompt_tokens": PROMPT_TOKENS,
        "new_tokens": arguments.tokens,
        "prompts": arguments.prompts,
        "versions": {name: version(name) for name in ("llama-cpp-python", "xllamacpp")},
        "alone": {"ours": alone.ours, "llama_server": alone.llama_server, "ratio": alone.ratio},
        "together": {"ours": together.ours, "llama_server": together.llama_server, "ratio": together.ratio},
    }


def _commit() -> str | None:
    """The checked-out commit, with "+" when files differ from it; None outside of a clone with commits."""
    folder = Path(__file__).parent
    head = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=folder, capture_output=True, text=True, check=False
    )
    if head.returncode != 0:
        return None
    changes = subprocess.run(["git", "status", "--porcelain"], cwd=folder, capture_output=True, text=True, check=False)
    return head.stdout.strip() + ("+" if changes.stdout.strip() else "")


if __name__ == "__main__":
    main()
