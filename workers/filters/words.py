"""What counts as a word: what spaces set apart; in scripts that are written without spaces, each character.

A sentence of Chinese, Japanese, Thai, Lao, Khmer, Burmese or Tibetan is one run of letters. Told as one word, two
sentences that differ in one character would share nothing, and a long answer would be as long as a short one. No
dictionary is asked where a word of theirs ends: a character says enough about what two texts have in common.
"""

import re

# Blocks of Unicode, without digits and most of the punctuation: those are told as in any other script.
UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e"  # Thai
    "\u0e80-\u0ecf\u0edc-\u0edf"  # Lao
    "\u0f40-\u0fbc"  # Tibetan
    "\u1000-\u103f\u1050-\u109f\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa7f"  # Burmese
    "\u1780-\u17d3\u17d7\u17dc\u17dd"  # Khmer
    "\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff"  # kana, bopomofo
    "\uff66-\uff9f"  # kana of half the width
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese characters
)
WORD = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+")
PIECE = re.compile(rf"[{UNSPACED}]|[^\s{UNSPACED}]+")


def pieces(text: str) -> list[str]:
    """The words of a text as they stand in it, each with the punctuation that touches it."""
    return PIECE.findall(text)
