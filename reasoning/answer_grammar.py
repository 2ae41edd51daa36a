"""The grammar of an answer: whatever a model writes under it can be read, and quotes the note word for word."""

import json
import re
from collections.abc import Sequence

from reasoning.answer import MAXIMUM_HYPOTHESES, MINIMUM_HYPOTHESES, NONE
from reasoning.differential import Likelihood, Status

MAXIMUM_WORDS = 20

# Numbers, readings and hyphenated words stay whole: "38.5" cannot be quoted as "8.5", nor "120/80" as "120".
_CHUNK = re.compile(r"[<>≤≥~±+\-]*\w+(?:[.,/:'’+\-]\w+)*%?|\s+|.", re.DOTALL)
_HEAD = re.compile(r"^\d\. (.+?) \| \w+ \| ([a-z ]+?)(?: \| can't miss)?$", re.MULTILINE)
_UNSAFE = re.compile(r'["|<>;\x00-\x1f\x7f\x85\u2028\u2029]')

# \s in llguidance holds every line break of Unicode but these control characters, which str.splitlines breaks at too.
_INK = r'[^\s"\x00-\x1f\x7f]'
_GAP = r"[ \t\u{a0}\u{2000}-\u{200a}\u{202f}\u{3000}]"
_PLAIN = r"[^\s;\"|<>\x00-\x1f\x7f]"
_NAME = r"/[A-Z][A-Za-z0-9,'()\/-]*( [A-Za-z0-9(][A-Za-z0-9,'()\/-]*)*/ & /.{2,60}[A-Za-z0-9)]/"
_ITEM = rf"/[A-Za-z]{_PLAIN}*( {_PLAIN}+)*/ & /.{{3,160}}/ & ~/none/"


class AnswerGrammar:
    """The answer format of `reasoning.answer` as a sequence of grammars: one a hypothesis, then the tail.

    `vocabulary` closes the list of diagnoses, `missing_vocabulary` that of missing items and next steps. No diagnosis is
    listed twice, the first one is leading and no other, and likelihood never rises down the list. Names in `excluded` are
    never listed. Raises ValueError for names that cannot stand in an answer.
    """

    def __init__(
        self,
        note: str,
        vocabulary: Sequence[str] | None = None,
        missing_vocabulary: Sequence[str] | None = None,
        excluded: Sequence[str] = (),
    ) -> None:
        for name in (*(vocabulary or ()), *(missing_vocabulary or ())):
            if not name or name != name.strip() or _UNSAFE.search(name):
                raise ValueError(f"the name {name!r} cannot stand in an answer")
        self._vocabulary = None if vocabulary is None else tuple(dict.fromkeys(vocabulary))
        self._excluded = tuple(excluded)
        self._item = _ITEM if not missing_vocabulary else _either(missing_vocabulary)
        self._quote = _quote(note)

    def next_grammar(self, text_so_far: str) -> str | None:
        """The grammar of what follows, in llguidance's Lark; None once the answer is complete."""
        if "\nnext: " in text_so_far or text_so_far.startswith("next: "):
            return None
        heads = _HEAD.findall(text_so_far)
        used = [name for name, _ in heads]
        least = Likelihood(heads[-1][1]) if heads else Likelihood.very_likely
        names = self._names((*self._excluded, *used))
        listed, room = len(used), names is not None and len(used) < MAXIMUM_HYPOTHESES
        starts = (["block"] if room else []) + (["tail"] if listed >= MINIMUM_HYPOTHESES or not room else [])
        lines = [f"start: {' | '.join(starts)}"]
        if room:
            lines += [
                f"block: HEAD {self._quotes(3)} AGAINST {self._quotes(2)} MISSING items BREAK",
                f"HEAD: {_head(listed, names or '', least)}",
            ]
            lines += [r'AGAINST: "\nagainst: "', r'MISSING: "\nmissing: "', f'items: "{NONE}" | ITEM ("; " ITEM){{0,2}}']
        if "tail" in starts:
            lines += [rf'tail: "unexplained: " {self._quotes(3)} "\nnext: " ("{NONE}" | ITEM) BREAK']
        if self._quote:
            lines += [self._quote]
        return "\n".join([*lines, f"ITEM: {self._item}", r'BREAK: "\n"'])

    def _names(self, used: Sequence[str]) -> str | None:
        if self._vocabulary is None:
            return _NAME + "".join(f" & ~/(?i:{_escape(name)})/" for name in used)
        left = [name for name in self._vocabulary if name not in used]
        return _either(left) if left else None

    def _quotes(self, most: int) -> str:
        return f'("{NONE}" | QUOTE ("; " QUOTE){{0,{most - 1}}})' if self._quote else f'"{NONE}"'


def _head(listed: int, names: str, least: Likelihood) -> str:
    """One terminal for the whole line: llguidance's lexer is greedy and would run over a name's end."""
    statuses = [Status.leading] if not listed else [status for status in Status if status is not Status.leading]
    order = list(Likelihood)
    words = _either(order[order.index(least) :])
    return f'"{listed + 1}. " ({names}) " | " {_either(statuses)} " | " {words} " | can\'t miss"? "\\nfor: "'


def _quote(note: str) -> str:
    """Terminals of a quotation: a span of whole words of one line of the note, in double quotes; "" without any words.

    A blank may follow the opening mark: behind it a word is the same token as in the note, which a small model can copy.
    """
    if not re.search(r'[^\s"\x00-\x1f\x7f]{2}', note):
        return ""
    span = json.dumps({"substring_chunks": _CHUNK.findall(note)}, ensure_ascii=False)
    words = f"/{_INK}+({_GAP}+{_INK}+){{0,{MAXIMUM_WORDS - 1}}}/"
    return f'QUOTE: "\\"" " "? INNER "\\""\nINNER: SPAN & {words} & /.{{2,}}/\nSPAN: %regex {span}'


def _either(names: Sequence[str]) -> str:
    return "(" + " | ".join(json.dumps(str(name), ensure_ascii=False) for name in names) + ")"


def _escape(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9 ,]", lambda match: "\\" + match[0] if match[0] not in "'" else match[0], name)
