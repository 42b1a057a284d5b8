"""What models say around a list of reasons: introductions, closing notes, refusals, in the languages of the tasks.

Patterns are matched at the start of a line, with straight apostrophes; none of them can take more than linear time.
"""

from __future__ import annotations

import re

# What a reason is called, where it is numbered ("Reason 1:"), heads a column or is a key of JSON.
NOUN = (
    r"(?:reasons?|explanations?|arguments?|justifications?|rationales?|possibilit(?:y|ies)"
    r"|gr(?:und|ünde)|erklärung(?:en)?|begründung(?:en)?|raisons?|explications?|raz(?:ón|ones)|explicaci(?:ón|ones)"
    r"|motivos?|motiv[io]|ragion[ei]|spiegazion[ei]|raz(?:ão|ões)|explicaç(?:ão|ões)"
    r"|理由|原因|解释|解釋|说明|說明|説明|根拠|이유|설명|근거)"
)
QUALITY = (
    r"(?:possible|plausible|potential|valid|clear|logical|good|reasonable|specific|direct|main|"
    r"mögliche[rn]?|plausible[rn]?|gültigen?|posibles?|possibles?|válidas?|valables?)"
)
REASON_WORD = re.compile(NOUN, re.IGNORECASE)

_OPENERS = (
    r"(?:sure|certainly|of course|absolutely|okay|ok|yes|好的|好|当然|當然|当然可以|没问题|はい|もちろんです?"
    r"|承知しました|네|물론입니다|물론이죠|알겠습니다"
    r"|natürlich|gerne|klar|bien sûr|certainement|d'accord|claro|por supuesto|certo|certamente)"
)
# A line that is an introduction wherever it stands before the reasons, though no colon ends it.
_INTRODUCTION = re.compile(
    _OPENERS + r"(?: que sí)? ?[!.。！]*$"
    r"|(?:sure|certainly|of course)[,!] i(?:'d| would|'ll| will| can)\b.*\bhelp\b"
    r"|(?:sure|certainly|of course|here (?:is|are)|the following|below (?:is|are)"
    rf"|(?:{QUALITY} )?(?:explanation|reason)s?)\b.*:$"
    rf"|(?:{_OPENERS}[,!.] ?)?(?:here (?:is|are)|below (?:is|are)|the following (?:is"
    rf"|are))\b[^.:]*\b{NOUN}\b[^.:]*[.!]?$"
    rf"|(?:{_OPENERS}[，,！!。] ?)?(?:以下|下面|下列|如下)[^。：]*{NOUN}[^。：]*[。.：:]?$"
    rf"|(?:{_OPENERS}[、。！] ?)?(?:以下|次)[にのは][^。：]*{NOUN}[^。：]*[。：:]?$"
    rf"|(?:{_OPENERS}[,.!] ?)?(?:다음은|아래는|다음과|아래와|다음)[^.:：]*{NOUN}[^.:：]*[.:：]?$"
    rf"|(?:가능한|생각할 수 있는) {NOUN}[^.:：]*(?:다음과|아래와) 같[^.:：]*[.:：]?$"
    rf"|(?:{_OPENERS}[,!.] ?)?(?:hier (?:sind|ist|folgen)|(?:im )?folgend"
    rf"|nachfolgend)\w*\b[^.:]*\b{NOUN}\b[^.:]*[.!]?$"
    r"|(?:great question[,!.] ?)?(?:let's|let me|i will|i'll) (?:\w+ ){1,4}"
    rf"(?:{QUALITY} )?{NOUN}\b[^.:]*[.!]?$"
    rf"|(?:great question[,!.] ?)?there (?:are|could be|might be|may be) (?:\w+ ){{1,3}}(?:{QUALITY} )?{NOUN}"
    r"(?: (?:why|for|that|this|the (?:statement|hypothesis|claim))\b[^.:]*)?[.!]?$"
    rf"|(?:それでは|では|ここでは|以下に|次に)[^。：:]{{0,60}}{NOUN}を[^。：:]{{0,12}}ます[。：:]?$"
    rf"|(?:{_OPENERS}[,!.] ?)?(?:voici|voilà|aquí (?:están?|tienes?|hay)|estas son"
    rf"|ecco)\b[^.:]*\b{NOUN}\b[^.:]*[.!]?$",
    re.IGNORECASE,
)
# A heading that names the list, not one of its reasons.
_GENERIC_TITLE = re.compile(
    rf"(?:(?:the|all|some|list of|{QUALITY}|可能的?|考えられる|가능한|los|las|les|die) ?){{0,3}}"
    rf"(?:{NOUN}|answers?|response|output|result|list|回答|答案|答え|답|답변|antwort|réponse|respuesta)"
    r"(?: (?:why|for|that|warum|für|pour|por)\b.*)?[:：]?$",
    re.IGNORECASE,
)
_CLOSING_NOTE = re.compile(
    r"[(（*_]{0,3}(?:note:|please note\b|(?:it's|it is) (?:important|worth)\b.{0,12}\bnot(?:e|ing)\b"
    r"|in (?:summary|conclusion)\b"
    r"|i hope (?:this|these)\b|let me know\b|(?:please )?feel free to\b|(?:would|do) you (?:like|want)\b"
    r"|if you (?:need|have|want|would)\b.*(?:let me know|ask|further|more)\b"
    rf"|(?:these|those|all of these) (?:{QUALITY} )?{NOUN} (?:are|do|show|suggest|explain|cover|illustrate"
    rf"|demonstrate|indicate)\b"
    r"|(?:注意|请注意|請注意|注|备注|備註)[:：，,]|(?:总之|總之|综上|綜上)|希望(?:这|這|以上|对你|對你|能)"
    r"|以上(?:是|就是|这些|這些|都是|即)|如果(?:您|你)(?:还|還)?(?:有|需要)|如有"
    r"|注(?:意|記)?[:：]|なお、|以上が|以上です|ご(?:参考|不明)|参考になれば|他に"
    r"|참고[:：]|주의[:：]|유의[:：]|이상(?:은|이|입니다)|이상과|도움이 되|위의? 이유|요약하[면자]|추가로 궁금"
    r"|hinweis:|anmerkung:|bitte beachten|zusammenfassend|ich hoffe|lass(?:en sie)? (?:es )?mich wissen"
    r"|remarque ?:|note ?:|en résumé|en conclusion|j'espère|n'hésitez pas"
    r"|nota ?:|en resumen|en conclusión|espero que|ten en cuenta|tenga en cuenta|avísame|no dudes)",
    re.IGNORECASE,
)
# "Given the context, ..." before a refusal.
_LEAD = (
    r"(?:(?:i'm sorry|i am sorry|sorry|unfortunately|given|based on|as|since|because|according to"
    r"|in this|the statement is (?:not|false|incorrect|untrue))\b[^.:,]{0,120}, (?:but |so )?)?"
)
_TELL = r"(?:explain|provide|list|give|find|offer|justify|help|assist|identify|generate|say|determine why|answer)"
_ABOUT = (
    r"(?:(?:for )?why|for (?:it|this|that)\b|(?:for |that |of )?(?:how |why )?(?:the|this|such|a) (?:statement"
    r"|hypothesis|claim|label|conclusion"
    r"|relation)|(?:available|possible|exists?)\b|given\b|to (?:support|justify|give|list|provide|explain)\b)"
)
_REFUSALS = (
    r"(?:none|n/a|no (?:valid |possible )?(?:explanations?|reasons?)(?: (?:possible|available|found|given"
    r"|apply))?)[.!]?$",
    r"none(?:\.\s| ?\()",
    _LEAD + rf"there (?:is|are|exist|exists)(?: simply| really)? no(?:t any)? (?:{QUALITY} ){{0,3}}(?:explanation"
    rf"|reason)s?(?:[.,!]|$| {_ABOUT})",
    _LEAD + rf"there (?:is|are)(?:n't| not) any (?:{QUALITY} ){{0,3}}(?:explanation|reason)s?(?:[.,!]|$| {_ABOUT})",
    _LEAD + rf"no (?:{QUALITY} ){{0,3}}(?:explanation|reason)s? (?:is|are) (?:possible|available)\b",
    _LEAD
    + rf"no (?:{QUALITY} ){{0,3}}(?:explanation|reason)s? (?:can|could) be (?:given|found|provided|listed|offered)",
    _LEAD + rf"it(?: is|'s) (?:not possible|impossible|not feasible) (?:for me )?to {_TELL}\b(?! (?:the|a|an|his|her"
    rf"|their|its)\b(?! (?:statement|{QUALITY} (?:explanation|reason)|explanation|reason|claim)))",
    r"(?:i'm sorry|i am sorry|sorry|i apologi[sz]e)[,.]? (?:but )?i (?:can(?:no|')t|can not|am unable to"
    r"|'m unable to|am not able to)\b",
    _LEAD + rf"i(?:'m| am)? (?:can(?:no|')t|can not|unable to|not able to|do not see how to) {_TELL}\b",
    rf"i (?:do not|don't|cannot|can't) (?:see|find|think of) (?:any|a) (?:{QUALITY} )?(?:explanation"
    rf"|reason)s? {_ABOUT}",
    # Chinese
    r"(?:无|無|没有|沒有|暂无|不适用|不適用)[。.！!]?$",
    r"(?:(?:很|非常)?(?:抱歉|对不起|對不起)[，,。]? ?)(?:但?我)?(?:无法|無法|不能|没有办法|沒有辦法)",
    r"(?:[^。：:]{0,80}[，,] ?)?(?:所以|因此)?我?(?:无法|無法|不能|没有办法|沒有辦法|不可能)(?:合理地?)?(?:解释"
    r"|解釋|提供|列出|给出|給出|说明|說明|回答|找到)(?:出|任何|可能|合理|该|該|这|這|为什么|為什麼|理由|原因|解释"
    r"|，|。|$)",
    r"(?:[^。：:]{0,80}[，,] ?)?(?:所以|因此)?(?:并|並)?(?:没有|沒有|不存在|找不到)(?:任何|可能的?|合理的?"
    r"|有效的?|合适的?|充分的?|可信的?|能够?|可以|的)*(?:理由|原因|解释|解釋|说明|說明)(?:[。.，,！!]|$|(?:可以"
    r"|能够?|来)?(?:说明|說明|解释|解釋|支持|证明|證明|表明)|认为(?:该|这))",
    r"(?:[^。：:]{0,80}[，,] ?)?(?:不可能|无法|無法)(?:对|對)[^。]{0,60}(?:解释|解釋|说明|說明)",
    # Korean
    r"(?:없음|없습니다|해당 ?없음)[.!]?$",
    r"(?:죄송|미안)[^.]{0,20}(?:만|[.,])[^.]{0,120}(?:수 없|못|불가능|어렵)",
    r"(?:[^.]{0,80}(?:진술|문장|가설|주장|참|거짓|함의|모순|중립|관계)[^.]{0,40}[ ,])?(?:(?:가능한|타당한|유효한"
    r"|합리적인|적절한|명확한|할|될|만한|수|있는|그럴듯한) ?){0,4}(?:이유|설명|근거)(?:은|는|이|가|를"
    r"|을)? ?(?:전혀 ?)?(?:없|존재하지 않|찾을 수 없|제시할 수 없|제공할 수 없|나열할 수 없)",
    r"(?:[^.]{0,80}(?:진술|문장|가설|주장|참|거짓|함의|모순|중립|관계|이유)[^.]{0,40} ?)?(?:설명|제시|제공|나열"
    r"|답변)(?:[이은는]|할|하는 것[은이]|하기[는가]?) ?(?:수 ?(?:가 )?없|불가능|어렵)",
    # Japanese
    r"(?:なし|ありません|該当なし)[。.]?$",
    r"(?:申し訳|すみません)[^。]{0,100}(?:ません|できない)",
    r"(?:[^。]{0,80}(?:文|仮説|主張|記述|真|偽|含意|矛盾|中立|関係|以上|ため)[^。]{0,40}?)?(?:考えられる|可能な"
    r"|妥当な|合理的な|有効な)?(?:理由|説明|根拠)(?:は|が|も)?(?:(?:一切|何も|特に)?(?:ありません|ございません"
    r"|存在しません|ない|存在しない|見つかりません))",
    r"(?:[^。]{0,80}(?:文|仮説|主張|記述|真|偽|含意|矛盾|中立|関係|理由)[^。]{0,40}?)?(?:説明|列挙|提供"
    r"|提示)(?:することは|すること が|することが|は|が)?(?:でき(?:ません|ない)|不可能)",
    # German, French, Spanish
    rf"(?:leider )?(?:es gibt|gibt es)(?: leider)? keine[rn]? (?:{QUALITY} ){{0,2}}(?:gr(?:ünde|und)"
    rf"|erklärung(?:en)?|begründung(?:en)?)(?:[.,!]|$| (?:warum|dafür|für|weshalb)\b)",
    r"(?:leider )?(?:es ist|ist es) (?:leider )?(?:nicht möglich|unmöglich)\b[^.]{0,120}\b(?:zu erklären"
    r"|zu begründen|anzugeben|aufzulisten|zu nennen)",
    r"(?:leider |es tut mir leid, (?:aber )?|tut mir leid, (?:aber )?)(?:ich kann"
    r"|kann ich)\b[^.]{0,120}\b(?:nicht|keine)\b",
    r"ich kann (?:das |dies |die aussage )?(?:nicht (?:erklären|begründen)|keine (?:gründe|erklärung(?:en)?"
    r"|begründung(?:en)?)\b)",
    r"(?:keine|aucune?|ninguna?|ninguno)[.!]?$",
    rf"(?:malheureusement, )?il n'(?:y a|existe) (?:pas de|pas d'|aucune?) ?(?:{QUALITY} )?(?:raisons?"
    rf"|explications?)(?: {QUALITY})?(?:[.,!]|$| (?:pour|expliquant|qui|de)\b)",
    r"(?:malheureusement, )?il (?:est impossible|n'est pas possible) d(?:'|e )(?:expliquer|donner|fournir|lister"
    r"|justifier|énumérer|trouver)",
    r"(?:désolée?, (?:mais )?)?je (?:ne peux pas|ne suis pas en mesure|suis incapable) (?:d'|de )?(?:expliquer"
    r"|donner|fournir|lister|justifier)",
    rf"(?:lamentablemente, )?no (?:hay|existen?) (?:ningun[ao]? )?(?:{QUALITY} )?(?:razón|razones|explicaci(?:ón"
    rf"|ones)|motivos?)(?: {QUALITY})?(?:[.,!]|$| (?:por|para|que)\b)",
    r"(?:lo siento, (?:pero )?)?(?:no es posible|es imposible|no puedo) (?:explicar|dar|proporcionar|enumerar"
    r"|justificar|ofrecer)",
)
_REFUSAL = re.compile("|".join(f"(?:{pattern})" for pattern in _REFUSALS), re.IGNORECASE)
# After a refusal: the list that follows is an attempt all the same.
_STILL = re.compile(
    r"\b(?:but|however|nevertheless|nonetheless|still|that said|aber|jedoch|mais|cependant|pero|sin embargo)\b"
    r"|但|不过|不過|然而|그러나|하지만|다만|しかし|ただし|が、",
    re.IGNORECASE,
)
_CLOSING = re.compile(r"""[.!?…。！？]["'”’»」』）)\]*]*$""")

_NOTHING = re.compile(
    r"(?:none|n/a|not applicable|[无無]|不适用|なし|該当なし|없음|해당 ?없음|[\W_]*)[.!。]?$", re.IGNORECASE
)

MOST = 400  # characters of a line that can tell what it is


def is_introduction(line: str) -> bool:
    """Whether the line only says that reasons follow, by a stock phrase (a colon at its end is the caller's to see)."""
    return _matches(_INTRODUCTION, line)


def ends_with_colon(line: str) -> bool:
    """Whether the line ends with a colon, half or full width."""
    return line.rstrip("*_ ").endswith((":", "："))


def is_generic_title(line: str) -> bool:
    """Whether a heading names the list ("Possible explanations"), not one reason."""
    return _matches(_GENERIC_TITLE, line)


def is_closing_note(line: str) -> bool:
    """Whether the line is a note on the list, not one of its reasons."""
    return _matches(_CLOSING_NOTE, line)


def refuses(line: str) -> bool:
    """Whether the line says that there is no explanation, or that none can be given.

    >>> refuses("There are no valid reasons why the statement is true."), refuses("There is no reason to run.")
    (True, False)
    """
    return _matches(_REFUSAL, line)


def says_nothing(item: str) -> bool:
    """Whether an item of a list only fills its place.

    >>> says_nothing("N/A"), says_nothing("..."), says_nothing("None of them is wet.")
    (True, True, False)
    """
    return _matches(_NOTHING, item)


def tries_all_the_same(line: str) -> bool:
    """Whether a refusal goes on with a but: what is listed after it counts."""
    found = _REFUSAL.match(_straight(line))
    return found is not None and _STILL.search(_straight(line), found.end()) is not None


def is_closed(text: str) -> bool:
    """Whether the text ends as a sentence does."""
    return _CLOSING.search(text[-20:]) is not None


def _matches(pattern: re.Pattern[str], line: str) -> bool:
    return pattern.match(_straight(line)) is not None


def _straight(line: str) -> str:
    return line[:MOST].replace("’", "'")
