"""``hanta``: the Hanover Tagger's English model (Wartena 2019, 2023), with universal parts of speech.

HanTa is a hidden Markov model over morphemes and words, in Python alone; its English model, trained on the British
National Corpus, is in the package itself, so that it works offline. spaCy, which Giulianelli et al. 2023 and the paper
use, has no English model of its makers on the package index.

Wartena, A Probabilistic Morphology Model for German Lemmatization, KONVENS 2019;
The Hanover Tagger (Version 1.1.0), Hannover 2023, https://doi.org/10.25968/opus-2457
"""

from __future__ import annotations

from collections.abc import Sequence

from labeldist.core.errors import MissingExtraError
from labeldist.evaluation.variability.tagger import TAGGERS, Tagger

MODEL = "morphmodel_en.pgz"
OTHER = "X"
# The C5 tags of the British National Corpus as the universal tags that spaCy gives as well.
# Where C5 does not tell what universal tags do (``have`` as a main verb or not), the commoner one.
_TAGS = {
    "ADJ": "AJ0 AJC AJS ORD",
    "ADP": "AVP PRF PRP",
    "ADV": "AV0 AVQ",
    "AUX": "VBB VBD VBG VBI VBN VBZ VDB VDD VDG VDI VDN VDZ VHB VHD VHG VHI VHN VHZ VM0",
    "CCONJ": "CJC",
    "DET": "AT0 DT0",
    "INTJ": "ITJ",
    "NOUN": "NN NN0 NN1 NN2 ZZ0",
    "NUM": "CRD",
    "PART": "POS TO0 XX0",
    "PRON": "DPS DTQ EX0 PNI PNP PNQ PNX",
    "PROPN": "NP0",
    "PUNCT": "PUL PUN PUQ PUR",
    "SCONJ": "CJS CJT",
    "VERB": "VVB VVD VVG VVI VVN VVZ",
}
UNIVERSAL = {tag: universal for universal, tags in _TAGS.items() for tag in tags.split()}


@TAGGERS.add("hanta")
def hanta() -> Tagger:
    """Load the model, once; a tag that no universal tag stands for is ``X``."""
    try:
        from HanTa.HanoverTagger import HanoverTagger
    except ImportError as error:
        raise MissingExtraError("tagging parts of speech", "variability") from error
    tagger = HanoverTagger(MODEL)

    def tag(words: Sequence[str]) -> list[str]:
        found = tagger.tag_sent(list(words), taglevel=0) if words else []
        return [UNIVERSAL.get(one, OTHER) for one in found]

    return tag
