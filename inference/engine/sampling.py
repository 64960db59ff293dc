"""`SamplingOptions` -> a chain of llama.cpp's own samplers.

Order as in llama.cpp: logit bias, penalties, top-k, top-p, min-p, temperature, draw. Penalties see the written tokens
alone, as OpenAI defines them. The same seed draws the same tokens from the same logits.
"""

from __future__ import annotations

import secrets
from types import TracebackType
from typing import Any

from inference.engine.engine import SamplingOptions

#: `LLAMA_DEFAULT_SEED` means "draw one" to llama.cpp, so no seed of ours may be it.
_SEEDS = 0xFFFF_FFFF


class Sampler:
    """One request's sampler chain; `close` frees it."""

    def __init__(self, llama: Any, options: SamplingOptions, vocabulary_size: int, max_tokens: int) -> None:
        """`llama` is the low-level API; `max_tokens` is how far back the penalties look."""
        parameters = llama.llama_sampler_chain_default_params()
        parameters.no_perf = True
        self._llama = llama
        self._sample = llama.llama_sampler_sample
        self.chain = llama.llama_sampler_chain_init(parameters)
        self._add_shaping(options, vocabulary_size, max_tokens)
        self._add_choice(options)

    def sample(self, context: Any, row: int) -> int:
        """The token chosen from the logits of row `row` of the last batch; the chain remembers it."""
        return int(self._sample(self.chain, context, row))

    def close(self) -> None:
        """Free the chain. Idempotent."""
        if self.chain is not None:
            self._llama.llama_sampler_free(self.chain)
            self.chain = None

    def __enter__(self) -> Sampler:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _add(self, sampler: Any) -> None:
        self._llama.llama_sampler_chain_add(self.chain, sampler)

    def _add_shaping(self, options: SamplingOptions, vocabulary_size: int, max_tokens: int) -> None:
        llama = self._llama
        if options.logit_bias:
            biases = [llama.llama_logit_bias(token, bias) for token, bias in options.logit_bias.items()]
            array = (llama.llama_logit_bias * len(biases))(*biases)
            self._add(llama.llama_sampler_init_logit_bias(vocabulary_size, len(biases), array))
        if options.presence_penalty or options.frequency_penalty:
            frequency, presence = options.frequency_penalty, options.presence_penalty
            self._add(llama.llama_sampler_init_penalties(vocabulary_size, max_tokens, 1.0, frequency, presence))

    def _add_choice(self, options: SamplingOptions) -> None:
        llama = self._llama
        if options.temperature == 0:
            return self._add(llama.llama_sampler_init_greedy())
        if options.top_k:
            self._add(llama.llama_sampler_init_top_k(options.top_k))
        if options.top_p < 1:
            self._add(llama.llama_sampler_init_top_p(options.top_p, 1))
        if options.min_p:
            self._add(llama.llama_sampler_init_min_p(options.min_p, 1))
        self._add(llama.llama_sampler_init_temp(options.temperature))
        seed = secrets.randbelow(_SEEDS) if options.seed is None else options.seed % _SEEDS
        return self._add(llama.llama_sampler_init_dist(seed))
