"""Emoji that tell a mood by themselves, in words: what is learned of sentences has never seen one.

Only those that people use in one mood. A laugh may mock, folded hands may beg, a smile
is good manners: they are left as they are.
"""

import re
from typing import Final

# hearts are written in many colours
_SAID: Final = (
    ("que raiva, estou furioso", "😡🤬😠👿💢😤🖕"),
    ("não gostei, que decepção", "👎😒🙄😑😾"),
    ("que tristeza, fiquei chateado", "😢😭😞😔💔😿😥☹🙁"),
    ("amei, adorei", "❤♥🧡💛💚💙💜🤎🖤🤍💖💕💗💓💞💘😍🥰😘😻"),
    ("que maravilha, adorei", "🤩🥳🎉👏🙌💯"),
)
_SHOWN: Final = tuple(
    (words, re.compile(rf"(?:[{signs}][\ufe0f\U0001f3fb-\U0001f3ff]*\s*)+")) for words, signs in _SAID
)


def spelled(text: str) -> str:
    """Return a text with sentences for the emoji that tell its mood."""
    for words, shown in _SHOWN:
        text = shown.sub(f"\n{words}\n", text)
    return text.strip()
