"""Grammar masks: which tokens may come next, by llguidance."""

import llguidance
import llguidance.hf
import numpy as np
from llguidance import LLMatcher, LLParserLimits, LLTokenizer
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerFast

from reasoning.engines.engine import EngineError, GrammarSource

# The default fuel is too little for a note of 20 kB. No verbose errors and no log: both would carry the note's text.
_LIMITS = LLParserLimits(initial_lexer_fuel=20_000_000, step_lexer_fuel=5_000_000, verbose_errors=False)


def grammar_tokenizer(tokenizer: object, vocabulary: int, end: int | None) -> LLTokenizer:
    """The tokenizer as llguidance sees it (about a second for a large vocabulary). Raises EngineError."""
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise EngineError("Grammars need a fast tokenizer; choose a model that ships a tokenizer.json.")
    return llguidance.hf.from_tokenizer(tokenizer, n_vocab=max(vocabulary, len(tokenizer)), eos_token=end)


class Guard:
    """Keeps one sample inside a sequence of grammars; `complete` once the source has no further one."""

    def __init__(self, tokenizer: LLTokenizer, source: GrammarSource) -> None:
        self.complete = False
        self._tokenizer = tokenizer
        self._source = source
        self._matcher: LLMatcher | None = None
        self._next("")

    def allowed(self) -> NDArray[np.bool_]:
        """One truth value a token. Raises EngineError."""
        assert self._matcher is not None
        mask = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        self._check()
        return np.unpackbits(mask, bitorder="little")[: self._tokenizer.vocab_size].astype(np.bool_)

    def accept(self, token: int, text: str) -> None:
        """Move on by one token; `text` is what the phase says so far, this token included. Raises EngineError."""
        assert self._matcher is not None
        ended = token in self._tokenizer.eos_tokens
        if not ended:
            self._matcher.consume_token(token)
            self._check()
        if ended or self._matcher.is_stopped():
            self._next(text)

    def _next(self, text: str) -> None:
        grammar = self._source.next_grammar(text)
        self.complete = grammar is None
        if grammar is not None:
            self._matcher = LLMatcher(self._tokenizer, LLMatcher.grammar_from_lark(grammar), log_level=0, limits=_LIMITS)
            self._check()

    def _check(self) -> None:
        assert self._matcher is not None
        if self._matcher.is_error():
            # llguidance's own message may quote the grammar, and the grammar holds the note.
            raise EngineError("The answer grammar is too large for llguidance or not valid; shorten the note and try again.")
