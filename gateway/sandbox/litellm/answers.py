"""What the models say: short believable text made from the prompt, the same for the same prompt. And how it is counted."""

import base64
import hashlib
import random
import re
import struct
from typing import Any

_WORD = re.compile(r"\w+|[^\w\s]")
_STOP = frozenset(
    _WORD.findall(
        "a an and are as at be but by can could do does for from give had has have how i if in into is it its just like me my of on or "
        "our please should so some tell that the their them then there these they this to us was we were what when where which who why "
        "will with would you your write explain make about between"
    )
)
_OPENINGS = (
    "Here is the short version on {topic}.",
    "In a nutshell, {topic} comes down to a few points.",
    "Good question. Let us look at {topic} step by step.",
    "There are several ways to see {topic}; this one works well in practice.",
)
_MIDDLES = (
    "Start with {a}: it decides most of what follows.",
    "Keep {a} and {b} apart, since they change for different reasons.",
    "A common mistake is to treat {a} as if it were {b}.",
    "If {a} matters more to you than {b}, measure it first and tune afterwards.",
    "For {a}, a small example usually says more than a long description.",
    "Most teams write down what they expect of {a} before they touch {b}.",
    "When in doubt, choose the simpler form of {a}; you can refine it later.",
)
_ENDINGS = (
    "Shall I go deeper into {a}?",
    "Tell me more about your case and I can be more precise.",
    "That should be enough to get going with {topic}.",
    "I would try this on a small scale first.",
)


def count_tokens(text: str) -> int:
    """About what a tokenizer would count: words and marks, with a fifth on top for words that are split."""
    return -(-len(_WORD.findall(text)) * 6 // 5)


def text_of(content: Any) -> str:
    """The text in a message's content, which is a string or a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return ""


def rough_tokens(messages: Any) -> int:
    """LiteLLM's estimate before the call: a token is four characters."""
    texts = [text_of(message.get("content")) for message in messages] if isinstance(messages, list) else [str(messages)]
    return sum(map(len, texts)) // 4


def prompt_tokens(messages: list[Any]) -> int:
    """Tokens of a chat: each message costs three more for its frame, and three stand before the answer."""
    texts = [text_of(message.get("content")) for message in messages if isinstance(message, dict)]
    return 3 + sum(3 + count_tokens(text) for text in texts)


def answer(prompt: str) -> str:
    """Two to seven sentences that take up the prompt's own words."""
    chance = _chance(prompt)
    words = list(dict.fromkeys(word for word in re.findall(r"[^\W\d_]{3,}", prompt) if word.lower() not in _STOP))
    topic = " ".join(words[:3]).lower() or "your question"
    words = [*words[:12], "the context", "the details"]

    def sentence(pattern: str) -> str:
        a, b = chance.choice(words), chance.choice(words)
        text = pattern.format(topic=topic, a=a.lower(), b=b.lower() if b != a else "the rest")
        return text[0].upper() + text[1:]

    middles = chance.sample(_MIDDLES, k=chance.randint(1, 5))
    parts = [chance.choice(_OPENINGS), *middles, chance.choice(_ENDINGS)]
    return " ".join(sentence(pattern) for pattern in parts)


def cut(text: str, max_tokens: int | None) -> tuple[str, bool]:
    """The text, cut down to `max_tokens` if there are more, and whether it was."""
    if max_tokens is None or count_tokens(text) <= max_tokens:
        return text, False
    kept = ""
    for piece in pieces(text):
        if count_tokens(kept + piece) > max_tokens:
            break
        kept += piece
    return kept.rstrip(), True


def pieces(text: str) -> list[str]:
    """The text in the portions that a stream delivers: words with the space behind them."""
    return re.findall(r"\S+\s*", text)


def embedding(text: str, dimensions: int) -> list[float]:
    """A vector of length 1 that is near to those of texts with the same words."""
    vector = [0.0] * dimensions
    for word in {word.lower() for word in _WORD.findall(text)} or {""}:
        chance = _chance(word)
        for _ in range(24):
            vector[chance.randrange(dimensions)] += chance.uniform(-1.0, 1.0)
    norm = sum(value * value for value in vector) ** 0.5 or 1.0
    return [value / norm for value in vector]


def to_base64(vector: list[float]) -> str:
    """The encoding that OpenAI's own client asks for: little-endian 32-bit floats."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _chance(text: str) -> random.Random:
    return random.Random(hashlib.sha256(text.encode()).digest())  # noqa: S311 - the same text, the same numbers
