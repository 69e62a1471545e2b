"""What a prompt asks for and what it asks it about: instructions, the question, and the context between them.

The commonest prompt of retrieval-augmented generation is one message: an instruction, passages, a question. The passages may be
shortened; the rest is the task, which must reach the model word for word.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import regex

from promptpress.content.sentences import sentence_spans
from promptpress.text.spans import Span, merge, subtract

LONGEST_INSTRUCTION = 700
"""Characters up to which a paragraph without a label counts as an instruction."""
_SHORT = 120
"""Characters up to which a first paragraph that ends with a colon or a stop is an instruction whatever its words."""
_LONGEST_LABEL = 200
"""Characters at the end of a text in which a label such as "Answer:" is looked for."""
_LEAST_CONTEXT = 200
"""Bytes of context below which there is nothing to take out."""

_QUESTION_LABEL = (
    r"(?:(?:user|my|the|final|current)\ )?(?:question|query|task|request|instructions?|prompt|problem|q|frage|aufgabe|anfrage|anweisung(?:en)?"
    r"|demande|tâche|consigne|pregunta|consulta|tarea|instrucci(?:ón|ones)|domanda|compito|richiesta|istruzioni|pergunta|tarefa|instruções"
    r"|vraag|opdracht|fråga|uppgift|spørgsmål|pytanie|zadanie|otázka|úkol|вопрос|задание|запитання|soru|görev|întrebare|kérdés|kysymys"
    r"|ερώτηση|سؤال|السؤال|प्रश्न|câu\ hỏi|pertanyaan|คำถาม|问题|問題|提问|任务|質問|指示|課題|질문|과제)"
)
_CONTEXT_LABEL = (
    r"(?:(?:here\ (?:is|are)\ |the\ |use\ the\ |given\ the\ )?(?:following\ )?(?:retrieved\ |relevant\ |reference\ |source\ |search\ )?"
    r"(?:contexts?|documents?|passages?|sources?|text|background|excerpts?|articles?|information|knowledge|results?|notes?|transcript|input"
    r"|data|references?|material|snippets?)"
    r"|kontext|dokumente?|quellen?|hintergrund|auszüge|unterlagen|contextes?|sources?|extraits?|texte|contextos?|documentos?|fuentes?|textos?"
    r"|contesto|documenti|fonti|testo|fontes|documenten|bronnen|tekst|sammanhang|dokument|källor|kontekst|dokumenty|źródła|zdroje"
    r"|контекст|документы|источники|текст|bağlam|belgeler|πλαίσιο|السياق|संदर्भ|ngữ\ cảnh|konteks|บริบท|上下文|背景|资料|資料|文档|文書|参考|문맥|문서|자료)"
)
_LABELLED_QUESTION = regex.compile(rf"\s*[#*_>\[<]*\s*{_QUESTION_LABEL}\s*[*_\]>]*\s*[:：]", regex.IGNORECASE)
_LABELLED_CONTEXT = regex.compile(rf"\s*[#*_\[<]*\s*{_CONTEXT_LABEL}[^\n:：]{{0,30}}[*_\]]*\s*[:：]", regex.IGNORECASE)
_ANSWER_LABEL = regex.compile(
    r"\s*[*_#]*(?:(?:final|your|helpful)\ )?(?:answer|response|reply|output|a|antwort|réponse|respuesta|risposta|resposta|antwoord|svar|odpowiedź|odpověď"
    r"|ответ|відповідь|cevap|răspuns|válasz|vastaus|απάντηση|الإجابة|الجواب|उत्तर|trả\ lời|jawaban|คำตอบ|回答|答案|答|답변|답)[*_]*\s*[:：]\s*\S{0,40}\s*\Z",
    regex.IGNORECASE,
)
_TAGGED = regex.compile(
    r"<(?P<tag>context|contexts|documents?|docs?|passages?|sources?|search_results?|results?|article|text|data|background|transcript|file|input)(?:\s[^<>\n]*)?>"
    r".*?</(?P=tag)>",
    regex.DOTALL | regex.IGNORECASE,
)
_TAGGED_QUESTION = regex.compile(
    r"<(?P<tag>question|query|task|instructions?|user_query|prompt)>.*?</(?P=tag)>", regex.DOTALL | regex.IGNORECASE
)
_FENCED = regex.compile(
    r"^(?P<mark>`{3,}|~{3,}|\"{3,}|-{5,}|={5,})[^\n]*\n.*?^(?P=mark)[ \t]*$", regex.DOTALL | regex.MULTILINE
)
_SOURCE = regex.compile(
    r"\s*(?:\[\d{1,3}\]|\(\d{1,3}\)|(?:document|passage|source|doc|excerpt|chunk)\s*\[?#?(?:\d{1,3}|[A-Z])\b)",
    regex.IGNORECASE,
)
_OPENING = regex.compile(r"<[^<>\n]{1,200}>|(?:\"{3,}|-{5,}|={5,})[^\n]*\n")
_CLOSING = regex.compile(r"(?:</[^<>\n]{1,60}>|\"{3,}|-{5,}|={5,})[ \t]*\Z")
_ASKS = regex.compile(r"[?？؟;՞]\s*[\"'”’)]*\s*\Z")
_IMPERATIVE = regex.compile(
    r"\s*(?:please\s+|bitte\s+|kindly\s+)?(?:answer|summari[sz]e|write|translate|classify|extract|list|explain|describe|rewrite|compare|use|reply|respond|find|identify"
    r"|tell|give|name|state|convert|correct|decide|determine|generate|create|draft|review|analy[sz]e|based\ on|according\ to|using|from\ the|given|you\ are|you\ answer"
    r"|you\ will|your\ (?:task|job|role)|act\ as|do\ not|don't|never|always|only|label|rate|rank|choose|select|complete|fill|return|output|format|fix|what|which|who|when"
    r"|where|why|how|is|are|does|do|can|could|may|should"
    r"|beantworte|fasse|schreibe?|übersetze|nenne|erkläre|antworte|verwende|nutze|du\ (?:bist|beantwortest)|sie\ sind|gib|liste|welche|was|wer|wann|wo|wie|warum"
    r"|réponds|répondez|résume[zr]?|écris|écrivez|traduis|traduisez|explique[zr]?|donne[zr]?|tu\ (?:es|réponds)|vous\ êtes|utilise[zr]?|quel|quelle|quand|où|qui|comment"
    r"|responde|resume|escribe|traduce|explica|usa|eres|rispondi|riassumi|scrivi|traduci|sei|usa|responda|resuma|escreva|traduza|você|beantwoord|vat|schrijf"
    r"|sammanfatta|skriv|svara|odpowiedz|streść|napisz|odpověz|shrň|napiš|ответь|напиши|переведи|объясни|используй|ты)\b"
    r"|\s*(?:请|請|根据|根據|用|总结|概括|翻译|回答|写|以下|次の|以下の|要約|翻訳|답하|요약|번역|다음)",
    regex.IGNORECASE,
)
_PARAGRAPH_BREAK = regex.compile(r"\n[ \t]*\r?\n\s*")


@dataclass(frozen=True)
class Task:
    """A prompt divided: `context` may be shortened; `fixed` are the spans of the rest. `question` is what is asked, or "".

    `marked`: the prompt itself says what its context is, by tags, fences, labels, numbers or a colon before it.
    """

    context: Sequence[Span]
    fixed: Sequence[Span]
    question: str
    marked: bool = True


def split_task(text: str) -> Task | None:
    """The task and the context of a prompt; None where no context can be told from the task.

    In this order: tagged or fenced context; labelled context ("Context:") or question ("Question:"); numbered sources; a question
    or an instruction at either end with several paragraphs or a long one between.
    """
    paragraphs = _paragraphs(text)
    blocks = merge([*(m.span() for m in _TAGGED.finditer(text)), *(m.span() for m in _FENCED.finditer(text))])
    blocks = subtract(blocks, merge(m.span() for m in _TAGGED_QUESTION.finditer(text)))
    fixed = merge(m.span() for m in _TAGGED_QUESTION.finditer(text))
    if _length(text, blocks) >= _LEAST_CONTEXT:
        return _task(text, _inside(text, blocks))
    roles = [_role(text, span) for span in paragraphs]
    if "question" in roles or "context" in roles:
        context = _between_labels(text, paragraphs, roles)
    elif len(paragraphs) > 1:
        context = _between_ends(text, paragraphs)
    else:
        return None
    context = subtract(context, fixed)
    if _length(text, context) < _LEAST_CONTEXT:
        return None
    marked = any(roles) or text[: context[0][0]].rstrip().endswith((":", "："))
    return _task(text, context, marked)


def task_sentences(text: str) -> list[Span]:
    """The instruction or question of a text that comes without a query: what must come before all description."""
    task = split_task(text)
    if task is not None:
        return list(task.fixed)
    found: list[Span] = []
    paragraphs = _paragraphs(text)
    for index, (start, end) in enumerate(paragraphs):
        spans = sentence_spans(text, start, end)
        if not spans:
            continue
        if index == 0 and _IMPERATIVE.match(text, *spans[0]):
            found.append(spans[0])
        elif _LABELLED_QUESTION.match(text, start, end):
            found += spans
        elif _ASKS.search(text, *spans[0]) and (len(paragraphs) > 1 or index == len(paragraphs) - 1):
            found.append(spans[0])
        if index == len(paragraphs) - 1 and len(spans) > 1 and _ASKS.search(text, *spans[-1]):
            found.append(spans[-1])
    return merge(found)


def _paragraphs(text: str) -> list[Span]:
    edges = [0, *(e for m in _PARAGRAPH_BREAK.finditer(text) for e in m.span()), len(text)]
    return [span for a, b in zip(edges[::2], edges[1::2], strict=True) if (span := _trimmed(text, a, b))[0] < span[1]]


def _trimmed(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _role(text: str, span: Span) -> str:
    if _LABELLED_QUESTION.match(text, *span) or _ANSWER_LABEL.match(text, *span):
        return "question"
    if _LABELLED_CONTEXT.match(text, *span) or _SOURCE.match(text, *span):
        return "context"
    return ""


def _between_labels(text: str, paragraphs: Sequence[Span], roles: Sequence[str]) -> list[Span]:
    """What a label calls context, with what follows up to a question; without such a label, what lies before the question."""
    context: list[Span] = []
    inside = False
    for index, (span, role) in enumerate(zip(paragraphs, roles, strict=True)):
        last = index == len(paragraphs) - 1
        if role == "question":
            inside = False
        elif role == "context":
            inside = True
            label = _LABELLED_CONTEXT.match(text, *span)
            start = label.end() if label and not _SOURCE.match(text, *span) else span[0]
            context.append(_trimmed(text, start, span[1]))
        elif inside and (_is_task(text, span) if last else _asks_first(text, span)):
            inside = not last
        elif inside or (
            "context" not in roles and index < roles.index("question") and not _is_instruction(text, span, index)
        ):
            context.append(span)
    return [span for span in context if span[0] < span[1]]


def _between_ends(text: str, paragraphs: Sequence[Span]) -> list[Span]:
    """The paragraphs between an instruction at the beginning and a question or instruction at the end."""
    first = 1 if _is_instruction(text, paragraphs[0], 0) else 0
    last = len(paragraphs) - (1 if _is_task(text, paragraphs[-1]) else 0)
    if first == 0 and last == len(paragraphs):
        return []
    return [span for span in paragraphs[first:last] if not (_ASKS.search(text, *span) and _is_task(text, span))]


def _is_instruction(text: str, span: Span, index: int) -> bool:
    if span[1] - span[0] > LONGEST_INSTRUCTION or index > 0:
        return False
    short = span[1] - span[0] <= _SHORT
    return (
        bool(_IMPERATIVE.match(text, *span)) or bool(_ASKS.search(text, *span)) or (short and text[span[1] - 1] in ":：.。")
    )


def _is_task(text: str, span: Span) -> bool:
    return span[1] - span[0] <= LONGEST_INSTRUCTION and bool(_ASKS.search(text, *span) or _IMPERATIVE.match(text, *span))


def _asks_first(text: str, span: Span) -> bool:
    """Whether a short paragraph begins with a question that begins as questions do."""
    sentences = sentence_spans(text, *span) if span[1] - span[0] <= LONGEST_INSTRUCTION // 2 else []
    return bool(sentences) and bool(_IMPERATIVE.match(text, *span)) and bool(_ASKS.search(text, *sentences[0]))


def _inside(text: str, blocks: Sequence[Span]) -> list[Span]:
    """Blocks without the tags, quotation marks or rules around each; marks of code fences belong to the code."""
    found: list[Span] = []
    for start, end in blocks:
        opening, closing = _OPENING.match(text, start, end), _CLOSING.search(text, max(start, end - 80), end)
        if len(blocks) == 1 and opening and closing and opening.end() < closing.start():
            start, end = opening.end(), closing.start()
        found.append(_trimmed(text, start, end))
    return found


def _task(text: str, context: Sequence[Span], marked: bool = True) -> Task:
    fixed = [_trimmed(text, a, b) for a, b in subtract([(0, len(text))], merge(context))]
    fixed = [span for span in fixed if span[0] < span[1]]
    return Task(list(context), fixed, _question(text, fixed), marked)


def _question(text: str, fixed: Sequence[Span]) -> str:
    """The sentence that asks, from the end; without one, the last instruction. Labels come off."""
    for start, end in reversed(fixed):
        part = text[start:end]
        if answer := _ANSWER_LABEL.search(part, max(0, len(part) - _LONGEST_LABEL)):
            part = part[: answer.start()].rstrip()
        lines = [line for line in part.splitlines() if line.strip()]
        for line in reversed(lines):
            if label := _LABELLED_QUESTION.match(line):
                line = line[label.end() :]
            spans = sentence_spans(line, 0, len(line))
            asking = [line[a:b] for a, b in spans if _ASKS.search(line, a, b)]
            if asking:
                return asking[-1]
            if label and line.strip():
                return line.strip()
    return text[fixed[-1][0] : fixed[-1][1]][:200] if fixed else ""


def _length(text: str, spans: Sequence[Span]) -> int:
    """Bytes in UTF-8: a Chinese character says more than a Latin one."""
    return sum(len(text[start:end].encode("utf-8", "surrogatepass")) for start, end in spans)
