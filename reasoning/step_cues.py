"""The words by which a step of reasoning is recognised: in its title, or at the beginning of a sentence."""

import re

from reasoning.trace import StepKind

# The first pattern that occurs in a title names the step: "final differential" is a conclusion, "re-evaluate" no weighing.
_TITLES: dict[StepKind, tuple[str, ...]] = {
    StepKind.conclusion: (
        r"conclu",
        r"final",
        r"decision",
        r"answer",
        r"most likely",
        r"\branking",
        r"settle",
        r"next step",
        r"disposition",
    ),
    StepKind.reconsideration: (
        r"reconsider",
        r"re-?(?:check|evaluat|assess|think|visit|view)",
        r"double.?check",
        r"reflect",
        r"doubt",
        r"\bbias",
        r"anchor",
        r"second look",
        r"sanity",
        r"not miss",
        r"challenge",
        r"what if",
    ),
    StepKind.elimination: (r"eliminat", r"rul(?:e|ed|ing) (?:\w+ )?out", r"exclu", r"narrow", r"less likely", r"discard"),
    StepKind.hypotheses: (
        r"hypothes",
        r"differential",
        r"candidate",
        r"possible (?:cause|diagnos|explanation)",
        r"diagnoses to consider",
        r"generat",
    ),
    StepKind.evidence: (
        r"evidence",
        r"weigh",
        r"for and against",
        r"analy[sz]",
        r"evaluat",
        r"compar",
        r"supporting",
        r"pros and cons",
        r"match",
    ),
    StepKind.findings: (
        r"finding",
        r"key (?:feature|fact|point|data)",
        r"symptom",
        r"\bsigns?\b",
        r"examination",
        r"laborator",
        r"investigation",
        r"review of",
        r"pertinent",
        r"extract",
    ),
    StepKind.problem_representation: (
        r"problem",
        r"representation",
        r"summar",
        r"one.?liner",
        r"presentation",
        r"restate",
        r"who is",
        r"patient",
        r"understand",
        r"case",
    ),
}

# How sentences begin, in the order in which they are tried.
_OPENINGS: dict[StepKind, tuple[str, ...]] = {
    StepKind.reconsideration: (
        r"(?:but )?wait\b",
        r"(?:but )?hm+\b",
        r"hold on",
        r"no, ",
        r"actually\b",
        r"on second thought",
        r"let me (?:reconsider|check|double|re-?think|step back|pause|correct)",
        r"am i ",
        r"could i be ",
        r"i (?:was|may be|might be) (?:too|wrong|missing|anchor)",
        r"what (?:must|should) i not miss",
        r"what am i missing",
        r"is there (?:anything|something) else",
        r"the dangerous one",
        r"on the other hand",
        r"however, (?:i|wait|let me)",
        r"that (?:would|does) not (?:quite )?(?:explain|fit)",
        r"something (?:does not|doesn't|bothers)",
        r"alternatively",
    ),
    StepKind.conclusion: (
        r"(?:so, )?in order:",
        r"my conclusion",
        r"in conclusion",
        r"to conclude",
        r"overall\b",
        r"therefore\b",
        r"thus\b",
        r"taken together",
        r"putting (?:it|this|all|everything)",
        r"all in all",
        r"i settle",
        r"i am settling",
        r"final",
        r"so (?:the|my) (?:most likely|best|leading|final|answer|ranking)",
        r"so [^.]{2,80} is (?:(?:very )?(?:un)?likely|possible)",
        r"the answer",
    ),
    StepKind.elimination: (
        r"(?:so )?(?:i|we) can (?:rule|exclude|drop)",
        r"(?:this|that) rules out",
        r"ruled out",
        r"i (?:rule|exclude|drop|discard)",
        r"nothing can be ruled out",
        r"what can i (?:rule|strike)",
    ),
    StepKind.evidence: (
        r"weighing",
        r"consider(?:ing)? ",
        r"take ",
        r"against ",
        r"in favou?r",
        r"for and against",
        r"supporting",
        r"what speaks",
        r"if (?:it|this) (?:is|was|were) ",
        r"for (?:it|this)[,:]",
        r"let me (?:weigh|test)",
        r"let me go through (?:them|each)",
        r"next, ",
    ),
    StepKind.hypotheses: (
        r"my first (?:thought|impression|instinct)",
        r"this makes me think",
        r"at first (?:sight|glance)",
        r"this points to",
        r"what else (?:could|might)",
        r"but what else",
        r"(?:the )?differential",
        r"possible (?:diagnos|cause|explanation)",
        r"could (?:it|this) be",
        r"hypothes",
        r"i am thinking of",
        r"the first thing that comes",
        r"i should keep",
        r"let me (?:keep an open|list)",
        r"candidates",
    ),
    StepKind.findings: (
        r"key (?:findings|features)",
        r"now the findings",
        r"what does the note say",
        r"what do i have",
        r"the (?:note|examination|exam|vitals|labs?|blood tests|ecg|imaging) (?:says?|shows?|mentions|are|is|reveals?)",
        r"let me (?:note|go through) the (?:findings|facts|details|note)",
        r"on examination",
        r"the findings",
    ),
    StepKind.problem_representation: (
        r"let me (?:read|start)",
        r"all right,? who",
        r"(?:okay|ok|alright),? ",
        r"so,? (?:i have|we have|this is|here)",
        r"(?:an? )?(?:(?:wo)?man|girl|boy) of \d",
        r"(?:this is )?an? \d{1,3}.year",
        r"(?:the|this) patient is",
        r"we have",
        r"in summary, (?:this|a)",
        r"first,? (?:the|who)",
    ),
}

_ANYWHERE = re.compile(r"\b(?:can be (?:ruled out|excluded)|is ruled out|is effectively excluded)\b", re.IGNORECASE)

_TITLE_PATTERNS = {kind: re.compile("|".join(words), re.IGNORECASE) for kind, words in _TITLES.items()}
_OPENING_PATTERNS = {kind: re.compile("|".join(words), re.IGNORECASE) for kind, words in _OPENINGS.items()}


def kind_of_title(title: str) -> StepKind | None:
    """The step a title announces."""
    return next((kind for kind, pattern in _TITLE_PATTERNS.items() if pattern.search(title)), None)


def kind_of_sentence(sentence: str) -> StepKind | None:
    """The step a sentence opens by its first words, or by ruling something out."""
    opened = next((kind for kind, pattern in _OPENING_PATTERNS.items() if pattern.match(sentence)), None)
    return opened or (StepKind.elimination if _ANYWHERE.search(sentence) else None)
