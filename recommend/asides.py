"""Messages that ask for no thing: greetings, thanks, questions about the shop, anger. Tables and pure functions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Aside:
    """One sort of such messages.

    Attributes:
        said: a pattern for what it consists of.
        answer: what is answered to it.
        whole: whether a message is one only if it says nothing else.
    """

    said: str
    answer: str
    whole: bool = True


ASIDES: Final[dict[str, Aside]] = {
    "greeting": Aside(
        r"hi|hello|hey|hiya|howdy|good (?:morning|afternoon|evening|day)|greetings|how are you(?: doing)?|there|nice "
        r"to meet you",
        "Hello!",
    ),
    "okay": Aside(
        r"ok|okay|k|nice|great|perfect|cool|good|fine|lovely|wow|super|awesome|yes|yeah|yep|sure|right|alright|all "
        r"right|lol|haha+|beautiful|pretty|i (?:like|love) (?:it|this|that|them)|(?:it|this|that)(?: is|'s|s)|so|very|"
        r"really|that (?:works|will do)|got it|i see|interesting|hm+|oh",
        "Good.",
    ),
    "thanks": Aside(
        r"thanks?(?: you)?|thank you|thx|cheers|much appreciated|(?:so|very) much|a lot|many|for your help|"
        r"that(?:'s| is|s)? all|perfect|great|ok|okay|you are (?:great|the best)|i love you",
        "You are welcome.",
    ),
    "never mind": Aside(
        r"never ?mind|forget (?:it|that|about it)|cancel|stop|leave it|no,? thanks|no thank you|nothing|not now|later|"
        r"that(?:'s| is) enough|enough|ok|okay|oh",
        "All right.",
    ),
    "who": Aside(
        r"\b(?:are you (?:a |an )?(?:real|human|robot|bot|person|machine|program|ai)|(?:who|what) are you|your name|"
        r"what (?:can|do) you do|how does this work|can you help|who made you)\b|^\W*help\W*$",
        "I am a program that knows what this shop has. I put things together, find single ones, compare them, and show "
        "them to you in a photo.",
        whole=False,
    ),
    "service": Aside(
        r"\b(?:deliver(?:y|ed|s)?|shipping|ship (?:it|to)|returns?|refunds?|exchange (?:it|policy)|discounts?|"
        r"vouchers?|coupons?|sales? price|in stock|opening hours|warranty|guarantee|pay(?:ment)?|check ?out|"
        r"(?:buy|order) (?:it|this|that|them|now|online)|my order|shopping cart|add to (?:the )?(?:cart|basket))\b",
        "I do not know of orders, payment, delivery, discounts or returns; please ask the shop itself.",
        whole=False,
    ),
    "farewell": Aside(
        r"\b(?:bye|goodbye|good night|see you(?: later| soon)?|ciao|farewell|take care)\b",
        "Goodbye, and come again.",
        whole=False,
    ),
    "anger": Aside(
        r"\b(?:useless|stupid|idiot(?:ic)?|dumb|moron|rubbish|crap|shit|bullshit|fuck\w*|asshole|bitch|shut up|you "
        r"suck|hate you|worst)\b",
        "I am sorry that this was no help.",
        whole=False,
    ),
}
#: What begins the conversation anew.
_RESTART: Final = re.compile(
    r"\W*(?:(?:ok|okay|please|let's|let us|can we|no|well)\W+)*(?:start (?:over|again|anew|afresh|from scratch|new)|"
    r"restart|reset|begin (?:again|anew)|new conversation|forget (?:everything|all(?: of (?:it|that))?)|"
    r"from the (?:start|beginning))\W*"
)
_WHOLE: Final = {
    name: re.compile(rf"(?:\W*\b(?:{aside.said})(?!\w))+\W*") for name, aside in ASIDES.items() if aside.whole
}
_PART: Final = {name: re.compile(aside.said) for name, aside in ASIDES.items() if not aside.whole}


def restarts(said: str) -> bool:
    """Whether a message, lower-case English, wants to begin anew."""
    return _RESTART.fullmatch(said) is not None


def aside_in(said: str, named: bool) -> str:
    """The name of the aside that a message is, "" if it is none.

    Args:
        said: lower-case English.
        named: whether it names a thing; then only what says nothing else is an aside.
    """
    alone = next((name for name, pattern in _WHOLE.items() if pattern.fullmatch(said)), "")
    return alone or (next((name for name, pattern in _PART.items() if pattern.search(said)), "") if not named else "")
