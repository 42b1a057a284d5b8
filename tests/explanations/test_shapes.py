"""The shapes in which models write lists of reasons, each with the exact list that is in it."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeldist.explanations.parse import parse

RAIN, SNOW = "Rain makes streets wet.", "Snow melts in the sun."
BOTH = [RAIN, SNOW]
REGEN, SCHNEE = "下雨会把街道淋湿。", "雪在阳光下融化。"
KOREAN = ["비가 오면 길이 젖는다.", "눈은 햇볕에 녹는다."]
JAPANESE = ["雨が降ると道が濡れる。", "雪は日なたで溶ける。"]


def two(first: str, second: str, items: list[str] = BOTH) -> tuple[str, list[str]]:
    """Two reasons, each after its marker."""
    return f"{first}{items[0]}\n{second}{items[1]}", items


MARKERS = {
    "full-width numbers": two("１．", "２．"),
    "full-width numbers and brackets": two("（１）", "（２）"),
    "full-width comma": two("１、", "２、"),
    "Chinese comma": two("1、", "2、", [REGEN, SCHNEE]),
    "dot without a space": two("1.", "2.", [REGEN, SCHNEE]),
    "full-width brackets": two("（1）", "（2）", [REGEN, SCHNEE]),
    "brackets": two("(1) ", "(2) "),
    "square brackets": two("[1] ", "[2] "),
    "half a bracket": two("1）", "2）", [REGEN, SCHNEE]),
    "circled": two("①", "②", [REGEN, SCHNEE]),
    "circled and a space": two("① ", "② "),
    "numbers as emoji": two("1\ufe0f\u20e3 ", "2\ufe0f\u20e3 "),
    "Chinese numbers": two("一、", "二、", [REGEN, SCHNEE]),
    "Chinese numbers in brackets": two("（一）", "（二）", [REGEN, SCHNEE]),
    "Chinese ordinals": two("第一，", "第二，", [REGEN, SCHNEE]),
    "Chinese ordinals of points": two("第一点：", "第二点：", [REGEN, SCHNEE]),
    "Korean letters": two("가. ", "나. ", KOREAN),
    "Korean ordinals": two("첫째, ", "둘째, ", KOREAN),
    "ordinal indicator": two("1º ", "2º "),
    "ordinal indicator and dot": two("1.º ", "2.º "),
    "Roman numbers": two("I. ", "II. "),
    "small Roman numbers in brackets": two("(i) ", "(ii) "),
    "letters": two("a) ", "b) "),
    "capital letters": two("A. ", "B. "),
    "letters in brackets": two("(a) ", "(b) "),
    "number and colon": two("1: ", "2: "),
    "number and dash": two("1 - ", "2 - "),
    "number sign": two("#1 ", "#2 "),
    "a line with only the number": two("1.\n", "2.\n"),
    "bold numbers": two("**1.** ", "**2.** "),
    "all of it bold": (f"**1. {RAIN}**\n**2. {SNOW}**", BOTH),
    "backticked numbers": two("`1.` ", "`2.` "),
    "slanted numbers": two("*1.* ", "*2.* "),
    "bullet and number": two("- 1. ", "- 2. "),
    "task list": two("- [ ] ", "- [x] "),
    "Reason": two("Reason 1: ", "Reason 2: "),
    "bold Reason": two("**Reason 1:** ", "**Reason 2:** "),
    "bold Reason, colon outside": two("**Reason 1**: ", "**Reason 2**: "),
    "number and Reason": two("1. Reason: ", "2. Reason: "),
    "Explanation and dash": two("Explanation #1 - ", "Explanation #2 - "),
    "Possible explanation": two("Possible explanation 1: ", "Possible explanation 2: "),
    "Reason in words": two("Reason One: ", "Reason Two: "),
    "Reason on a line of its own": two("Reason 1:\n", "Reason 2:\n"),
    "heading of a reason": two("### Reason 1\n", "\n### Reason 2\n"),
    "Chinese reasons": two("理由1：", "理由2：", [REGEN, SCHNEE]),
    "Chinese reasons in Chinese numbers": two("原因一：", "原因二：", [REGEN, SCHNEE]),
    "Korean reasons": two("이유 1: ", "이유 2: ", KOREAN),
    "Japanese reasons": two("理由１：", "理由２：", JAPANESE),
    "German reasons": two("Grund 1: ", "Grund 2: "),
    "French reasons": two("Raison n° 1 : ", "Raison n° 2 : "),
    "Spanish reasons": two("Razón 1: ", "Razón 2: "),
    "numbers in one line": (f"Reasons: 1. {RAIN} 2. {SNOW}", BOTH),
    "circles in one line": (f"①{REGEN}②{SCHNEE}", [REGEN, SCHNEE]),
    "escaped dots": two("1\\. ", "2\\. "),
    "quoted block": two("> - ", "> - "),
    "dash without a space": two("-", "-"),
    "hash and colon": two("#1: ", "#2: "),
    "No.": two("No. 1: ", "No. 2: "),
    "LaTeX": (f"\\begin{{itemize}}\n\\item {RAIN}\n\\item {SNOW}\n\\end{{itemize}}", BOTH),
    "quoted numbers": two("> 1. ", "> 2. "),
    "byte order mark": two("\ufeff1. ", "2. "),
    "signs without width": two("\u200b1. ", "\u200b2. "),
    "pictures": two("\U0001f539 ", "\U0001f539 "),
    "pictures below one": (f"\U0001f4cc Here are the reasons:\n\U0001f449 {RAIN}\n\U0001f449 {SNOW}", BOTH),
    "other pictures": (f"\U0001f327 {RAIN}\n\u2744 {SNOW}", [f"\U0001f327 {RAIN}", f"\u2744 {SNOW}"]),
    "bullets in a line": (f"• {RAIN} • {SNOW}", BOTH),
    "or between": (f"1. {RAIN}\n\nOr\n\n2. {SNOW}", BOTH),
    "a place that is filled": (f"1. {RAIN}\n2. {SNOW}\n3. N/A", BOTH),
} | {f"bullet {sign}": two(f"{sign} ", f"{sign} ") for sign in "-*+•‣–—·●○▪・※→"}

AROUND = {
    "let us": (f"Let's think about possible reasons.\n\n{RAIN}\n\n{SNOW}", BOTH),
    "there are a few": (f"Great question! There are a few reasons this could be true.\n\n{RAIN}\n\n{SNOW}", BOTH),
    "Japanese without a list": ("ここでは、この文が真である理由を挙げます。\n\n" + "\n".join(JAPANESE), JAPANESE),
    "Chinese introduction": (f"以下是可能的理由：\n1、{REGEN}\n2、{SCHNEE}", [REGEN, SCHNEE]),
    "Chinese introduction, no markers": (f"以下是可能的理由：\n{REGEN}\n{SCHNEE}", [REGEN, SCHNEE]),
    "Chinese introduction that ends": (f"好的，以下是一些可能的理由。\n{REGEN}\n{SCHNEE}", [REGEN, SCHNEE]),
    "Chinese closing note": (f"1. {REGEN}\n2. {SCHNEE}\n\n以上是可能的理由。", [REGEN, SCHNEE]),
    "Chinese closing note, no markers": (f"{REGEN}\n{SCHNEE}\n希望对你有帮助！", [REGEN, SCHNEE]),
    "Japanese introduction": ("以下に考えられる理由を挙げます。\n" + "\n".join(JAPANESE), JAPANESE),
    "Japanese introduction, colon": ("考えられる理由は次のとおりです：\n" + "\n".join(JAPANESE), JAPANESE),
    "Japanese closing note": ("\n".join(f"・{one}" for one in JAPANESE) + "\n\n以上が考えられる理由です。", JAPANESE),
    "Korean introduction": ("다음은 가능한 이유입니다.\n" + "\n".join(KOREAN), KOREAN),
    "Korean introduction, colon": ("가능한 이유는 다음과 같습니다:\n" + "\n".join(KOREAN), KOREAN),
    "Korean closing note": (
        "\n".join(f"{at}. {one}" for at, one in enumerate(KOREAN, 1)) + "\n\n도움이 되셨길 바랍니다.",
        KOREAN,
    ),
    "German introduction": (f"Natürlich! Hier sind mögliche Gründe:\n{RAIN}\n{SNOW}", BOTH),
    "French introduction, colon after a space": (f"Voici les raisons possibles :\n{RAIN}\n{SNOW}", BOTH),
    "Spanish introduction and note": (f"Estas son las razones:\n- {RAIN}\n- {SNOW}\n\nEspero que ayude.", BOTH),
    "introduction without a colon": (f"Here are some possible explanations.\n\n{RAIN}\n{SNOW}", BOTH),
    "two introductions": (f"Sure!\n\nHere they are:\n\n{RAIN}\n\n{SNOW}", BOTH),
    "heading of the list": (f"## Possible explanations\n\n{RAIN}\n\n{SNOW}", BOTH),
    "underlined heading": (f"Possible explanations\n=====\n- {RAIN}\n- {SNOW}", BOTH),
    "dividers": (f"Here are the reasons:\n---\n{RAIN}\n***\n{SNOW}\n===", BOTH),
    "dividers between marked ones": (f"1. {RAIN}\n\n---\n\n2. {SNOW}\n\n---\n\nShall I go on?", BOTH),
    "the introduction is a bullet": (f"- The reasons are:\n  - {RAIN}\n  - {SNOW}", BOTH),
    "two lists": (f"Of rain:\n- {RAIN}\n\nOf snow:\n- {SNOW}", BOTH),
    "two lists without a blank line": (f"- {RAIN}\nOther reasons:\n- {SNOW}", BOTH),
    "headings of kinds": (f"## Rain\n- {RAIN}\n## Snow\n- {SNOW}\n## Conclusion\nThe statement is true.", BOTH),
    "bold names of kinds": (f"**Rain**\n\n- {RAIN}\n\n**Snow**\n\n- {SNOW}", BOTH),
    "note after the list": (f"- {RAIN}\n- {SNOW}\n\nTherefore, the statement is true.", BOTH),
    "note without a blank line": (f"- {RAIN}\n- {SNOW}\nNote: these are guesses.", BOTH),
    "quotes": (f'1. "{RAIN}"\n2. "{SNOW}"', BOTH),
    "Chinese quotes": (f"「{JAPANESE[0]}」\n「{JAPANESE[1]}」", JAPANESE),
    "quotes and commas": (f'"{RAIN}",\n"{SNOW}"', BOTH),
    "quotes of a word": (f'- "Wet" is said.\n- {RAIN}', ['"Wet" is said.', RAIN]),
}

TOGETHER = {
    "title and text": (f"**Weather**\n{RAIN}", [f"Weather: {RAIN}"]),
    "titles and texts": (f"**Rain**\n{RAIN}\n\n**Snow**\n{SNOW}", [f"Rain: {RAIN}", f"Snow: {SNOW}"]),
    "titles, a blank line": (f"**Rain**\n\n{RAIN}\n\n**Snow**\n\n{SNOW}", [f"Rain: {RAIN}", f"Snow: {SNOW}"]),
    "headings and texts": (f"### Rain\n{RAIN}\n### Snow\n{SNOW}", [f"Rain: {RAIN}", f"Snow: {SNOW}"]),
    "titles with colons": (f"Rain:\n{RAIN}\nSnow:\n{SNOW}", [f"Rain: {RAIN}", f"Snow: {SNOW}"]),
    "plain titles": (f"Rain\n{RAIN}\n\nSnow\n{SNOW}", [f"Rain: {RAIN}", f"Snow: {SNOW}"]),
    "bold title in the line": (f"1. **Rain:** {RAIN}\n2. **Snow**: {SNOW}", [f"Rain: {RAIN}", f"Snow: {SNOW}"]),
    "numbered title": (f"1. **Rain**\n   {RAIN}\n2. **Snow**\n   {SNOW}", [f"Rain: {RAIN}", f"Snow: {SNOW}"]),
    "numbered plain title": (f"1. Rain\n   {RAIN}\n2. Snow\n   {SNOW}", [f"Rain: {RAIN}", f"Snow: {SNOW}"]),
    "numbered title, blank lines": (
        f"**1. Rain**\n\n{RAIN}\n\n**2. Snow**\n\n{SNOW}\n\nIn all, it is wet.",
        [f"Rain: {RAIN}", f"Snow: {SNOW}"],
    ),
    "numbered headings": (f"### 1. Rain\n{RAIN}\n\n### 2. Snow\n{SNOW}", [f"Rain: {RAIN}", f"Snow: {SNOW}"]),
    "Chinese titles": (f"1. **下雨**\n{REGEN}\n2. **下雪**\n{SCHNEE}", [f"下雨：{REGEN}", f"下雪：{SCHNEE}"]),
    "wrapped": ("- Rain makes\n  streets wet.\n- Snow melts\n  in the sun.", BOTH),
    "wrapped to the margin": ("1. Rain makes\nstreets wet.\n2. Snow melts\nin the sun.", BOTH),
    "wrapped Chinese": ("1、下雨会把\n街道淋湿。\n2、雪在阳光下\n融化。", [REGEN, SCHNEE]),
    "wrapped without markers": (
        "Rain that falls for a whole day on an open street, as it does here,\nmakes it wet.\n" + SNOW,
        ["Rain that falls for a whole day on an open street, as it does here, makes it wet.", SNOW],
    ),
    "a second paragraph": (f"1. {RAIN}\n\n   It falls.\n\n2. {SNOW}", [f"{RAIN} It falls.", SNOW]),
    "a second paragraph of each": (
        f"1. {RAIN}\n\nIt falls.\n\n2. {SNOW}\n\nIt melts.\n\nI hope this helps.",
        [f"{RAIN} It falls.", f"{SNOW} It melts."],
    ),
    "nested": (
        f"- {RAIN}\n  - It falls.\n  - It stays.\n- {SNOW}",
        [f"{RAIN} It falls. It stays.", SNOW],
    ),
    "nested, details without ends": (f"1. Weather:\n   - rain\n   - snow\n2. {SNOW}", ["Weather: rain; snow", SNOW]),
    "nested, under bold titles": (
        f"1. **Rain**\n   * {RAIN}\n   * It falls.\n2. **Snow**\n   * {SNOW}",
        [f"Rain: {RAIN} It falls.", f"Snow: {SNOW}"],
    ),
    "nested to the margin": (f"1. Rain\n- {RAIN}\n2. Snow\n- {SNOW}", [f"Rain: {RAIN}", f"Snow: {SNOW}"]),
    "nested letters": (
        f"1. Rain\na) {RAIN}\nb) It falls.\n2. Snow\na) {SNOW}",
        [f"Rain: {RAIN} It falls.", f"Snow: {SNOW}"],
    ),
    "nested under reasons": (f"Reason 1: Rain\n- {RAIN}\nReason 2: Snow\n- {SNOW}", [f"Rain: {RAIN}", f"Snow: {SNOW}"]),
    "the first line lost its indentation": (f"1. {RAIN}\n   2. {SNOW}", BOTH),
    "one more space": (f" - {RAIN}\n- {SNOW}", BOTH),
}

WHOLE = {
    "titles in a table": (
        f"| Reason | Detail |\n|---|---|\n| Rain | {RAIN} |\n| Snow | {SNOW} |",
        [f"Rain: {RAIN}", f"Snow: {SNOW}"],
    ),
    "labels in a table": (f"| Reason | Label |\n|---|---|\n| {RAIN} | true |\n| {SNOW} | true |", BOTH),
    "JSON list": (f'["{RAIN}", "{SNOW}"]', BOTH),
    "JSON list, a line each": (f'[\n  "{RAIN}",\n  "{SNOW}"\n]', BOTH),
    "JSON list in a fence": (f'Here you go:\n```json\n["{RAIN}", "{SNOW}"]\n```\nI hope this helps.', BOTH),
    "JSON objects": (f'[{{"explanation": "{RAIN}"}}, {{"explanation": "{SNOW}"}}]', BOTH),
    "JSON object of a list": (f'{{"label": "entailment", "explanations": ["{RAIN}", "{SNOW}"]}}', BOTH),
    "JSON object by numbers": (f'{{"1": "{RAIN}", "2": "{SNOW}"}}', BOTH),
    "JSON object by reasons": (f'{{"reason_1": "{RAIN}", "reason_2": "{SNOW}"}}', BOTH),
    "JSON object by titles": (f'{{"Rain": "{RAIN}", "Snow": "{SNOW}"}}', [f"Rain: {RAIN}", f"Snow: {SNOW}"]),
    "JSON with titles": (
        f'{{"reasons": [{{"id": 1, "title": "Rain", "text": "{RAIN}"}},\n{{"title": "Snow", "text": "{SNOW}"}}]}}',
        [f"Rain: {RAIN}", f"Snow: {SNOW}"],
    ),
    "JSON lines": (f'{{"explanation": "{RAIN}"}}\n{{"explanation": "{SNOW}"}}', BOTH),
    "numbered strings in JSON": (f'["1. {RAIN}", "2. {SNOW}"]', BOTH),
    "a list in one string of JSON": (f'{{"explanations": "1. {RAIN}\\n2. {SNOW}"}}', BOTH),
    "Chinese in JSON": (f'{{"理由": ["{REGEN}", "{SCHNEE}"]}}', [REGEN, SCHNEE]),
    "JSON that was cut off": (f'{{"explanations": ["{RAIN}", "{SNOW}", "The sun', BOTH),
    "JSON with a comma too many": (f'["{RAIN}", "{SNOW}",]', BOTH),
    "list of Python": (f"['{RAIN}', \"{SNOW}\"]", BOTH),
    "empty JSON list": ('{"explanations": []}', []),
    "fence": (f"```\n1. {RAIN}\n2. {SNOW}\n```", BOTH),
    "table": (f"| # | Reason | Label |\n|---|:---|---|\n| 1 | {RAIN} | yes |\n| 2 | {SNOW} | yes |", BOTH),
    "table with other headings": (f"Factor | Why\n--- | ---\nRain | {RAIN}\nSnow | {SNOW}", BOTH),
    "table without headings": (f"| 1 | {RAIN} |\n| 2 | {SNOW} |", BOTH),
    "table of titles and texts": (
        f"| Reason | Explanation |\n|---|---|\n| Rain | {RAIN} |\n| Snow | {SNOW} |",
        [f"Rain: {RAIN}", f"Snow: {SNOW}"],
    ),
    "JSON after a colon": (f'Here they are: ["{RAIN}", "{SNOW}"]', BOTH),
    "HTML in lines": (f"<b>1.</b> {RAIN}<br>2. {SNOW}", BOTH),
    "Chinese table": (f"| 序号 | 理由 |\n|---|---|\n| 1 | {REGEN} |\n| 2 | {SCHNEE} |", [REGEN, SCHNEE]),
    "tag around all": (f"I thought.\n<answer>\n1. {RAIN}\n2. {SNOW}\n</answer>\nDone.", BOTH),
    "tag around each": (f"<reasons><reason>{RAIN}</reason>\n<reason>{SNOW}</reason></reasons>", BOTH),
    "HTML": (f"<ul>\n<li>{RAIN}</li>\n<li>{SNOW}\n</ul>", BOTH),
    "tag around one list": (f"<explanation>\n- {RAIN}\n- {SNOW}\n</explanation>", BOTH),
}

NOT_MARKERS = {
    "an initial": ("A. Smith lives there.\nHe is old.", ["A. Smith lives there.", "He is old."]),
    "a name": ("I. Newton saw it.\nHe was there.", ["I. Newton saw it.", "He was there."]),
    "a decimal": ("1.5 litres fell.\n2.5 litres stayed.", ["1.5 litres fell.", "2.5 litres stayed."]),
    "a year": ("2020. That was the year.", ["2020. That was the year."]),
    "a negative number": ("-5 degrees are cold.", ["-5 degrees are cold."]),
    "a time": ("12:30 is noon.\n1:30 is not.", ["12:30 is noon.", "1:30 is not."]),
    "a hyphen": ("- Well-known.\n- Re-used.", ["Well-known.", "Re-used."]),
    "a word like a label": ("Reasons abound.\nGrundsätzlich gilt das.", ["Reasons abound.", "Grundsätzlich gilt das."]),
    "a bar": ("a | b is no table.\nThis is a line.", ["a | b is no table.", "This is a line."]),
    "a bracket": ("[Someone] is there.\n{x} is a set.", ["[Someone] is there.", "{x} is a set."]),
    "powers": ("2**3 is 8, and 2**4 is 16.", ["2**3 is 8, and 2**4 is 16."]),
    "numbers in a sentence": ("There are 2. Or 1. We see.", ["There are 2. Or 1. We see."]),
}

REFUSALS = [
    "No explanation is possible, as the statement is false.",
    "1. N/A\n2. None",
    "It is not possible to explain why the statement is true.",
    "Given the context, it is impossible to explain why the statement is true.",
    "There are no valid reasons why the statement is true.",
    "There are no valid reasons to support this statement.",
    "There aren't any reasons why this statement would be true.",
    "- There are no valid explanations for this statement.",
    "I cannot explain why the statement is true, because it is false:\n1. It rains.\n2. It pours.",
    "No valid explanations.",
    "Since the statement is false, there are no valid reasons for it being true.",
    "There are no valid explanations for why this would be true.",
    "I don't see any reason why the statement would be true.",
    "The statement is false, so no explanation can be given.",
    "설명이 불가능합니다.",
    "N/A",
    "没有合理的理由。",
    "没有理由可以说明该陈述为真。",
    "无法解释为什么该陈述为真。",
    "根据前提，无法提供任何理由。",
    "抱歉，我无法回答。",
    "이 진술이 참인 이유는 없습니다.",
    "가능한 이유가 없습니다.",
    "죄송하지만 이 진술이 참인 이유를 설명할 수 없습니다.",
    "설명할 수 없습니다.",
    "考えられる理由はありません。",
    "この文が真である理由は説明できません。",
    "Es gibt keine Gründe, warum die Aussage wahr ist.",
    "Es ist nicht möglich, zu erklären, warum die Aussage wahr ist.",
    "Il n'y a aucune raison pour laquelle l'énoncé serait vrai.",
    "Il n'est pas possible d'expliquer pourquoi.",
    "No hay razones para que la afirmación sea verdadera.",
    "No es posible explicar por qué.",
]
NO_REFUSALS = [
    "There is no reason to believe him.",
    "It is not possible to explain the noise by the wind.",
    "No reason is named in the text.",
    "There are many people, for reasons of their own.",
    "None of them is wet.",
    "没有理由相信他不在那里。",
    "他无法解释这件事。",
    "그는 갈 이유가 없었다.",
    "彼には行く理由がない。",
    "Es gibt keine Hunde im Bild.",
    "No hay perros en la imagen.",
]


SHAPES = MARKERS | AROUND | TOGETHER | WHOLE | NOT_MARKERS


@pytest.mark.parametrize("shape", SHAPES)
def test_the_list_in_each_shape(shape):
    answer, expected = SHAPES[shape]
    assert parse(answer) == expected


@pytest.mark.parametrize("answer", REFUSALS)
def test_a_refusal_is_no_explanation(answer):
    assert parse(answer) == []


@pytest.mark.parametrize("answer", NO_REFUSALS)
def test_a_reason_like_a_refusal_is_kept(answer):
    assert parse(answer) == [answer]


def test_a_list_after_a_refusal_with_a_but_is_kept():
    start = "There are no valid reasons why the statement is true. However, one could say:"
    assert parse(f"{start}\n- {RAIN}\n- {SNOW}") == BOTH


SENTENCES = st.lists(
    st.from_regex(r"[A-Z][a-z]{2,9}( [a-z]{1,9}){1,8}[.!?]", fullmatch=True), min_size=2, unique_by=str.lower
)


@settings(deadline=None)
@given(SENTENCES, st.sampled_from(["{}. ", "{}) ", "({}) ", "**{}.** ", "Reason {}: "]))
def test_a_numbered_list_comes_back(sentences, form):
    answer = "\n".join(form.format(at) + sentence for at, sentence in enumerate(sentences, 1))
    assert parse(answer) == sentences


MARKS = ["- ", "1. ", "  - ", "**", "# ", "---\n", "Reason 1: ", "① ", "a) ", "> ", "\n", "\n\n"]
FORMS = ["|", "|---|\n", '["', '"]', '", "', "{", "}", "<li>", "</li>", "<answer>", "```", "\\", "'"]
TEXTS = ["理由", "：", "Rain falls. ", "Note: ", "下雨。", "x"]


@settings(deadline=None)
@given(st.one_of(st.text(), st.lists(st.sampled_from([*MARKS, *FORMS, *TEXTS]), max_size=30).map("".join)))
def test_nothing_is_made_up(answer):
    """Every letter of an item is in the answer, in this order, wherever lines and titles are joined."""
    for item in parse(answer):
        assert item == " ".join(item.split())
        if "\\" not in answer:  # JSON has names for letters
            rest = iter(answer)
            assert all(letter in rest for letter in filter(str.isalpha, item))


@pytest.mark.parametrize(
    "piece", ["**a ", '"\\', "a:\n", "a.\n", "1\n", "<li ", " ", "[", "['a', ", "| a | b |\n", "Reason "]
)
def test_a_long_answer_takes_time_in_proportion(piece):
    """64,000 characters took minutes where each piece was compared with all others."""
    begun = process_time()
    parse('["' + piece * (64_000 // len(piece)))
    assert process_time() - begun < 10
