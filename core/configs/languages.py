"""The languages that a text can be told to be in; doors need not load what tells them."""

# Those of py3langid but zxx, its word for no language at all. ISO 639-1, and ISO 639-3 where there is no such code.
LANGUAGES = frozenset(
    """
    ace af am an ar ary arz as az ba bcl be bg bn br bs ca crh cs cy da de dz el en eo es et eu ext fa fi fo fr fuv
    fy ga gcf gcr gd gl gom grc gu gug guw ha hbo he hi hr ht hu hy id ig is it ja jv ka kab kik kk km kn ko ku ky
    la lb lg lij ln lo lt ltg lv mg mk ml mn mr ms mt my ne nl nn no nso oc om or pa pcm pl ps pt qu ro ru rw sa sdh
    se si sk sl sn so sq sr st sv sw ta te tg th tk tl tr tt ug uk ur uz uzs vec vi vo wa wuu xh yo yue zh zu
    """.split()  # noqa: SIM905  a hundred and forty pairs of quotation marks say nothing
)


def known_language(code: str) -> str:
    """The code, if it is known. Raises ValueError."""
    if code in LANGUAGES:
        return code
    short = code[:2].lower()
    hint = f"; did you mean {short!r}?" if short in LANGUAGES else ""
    raise ValueError(f"{code!r} is no language that can be told; write its code by ISO 639-1, such as 'en'{hint}")
