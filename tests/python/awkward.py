"""Random JSON texts, awkward on purpose: every spelling that CPython's json module reads.

A text never holds a raw newline, so that texts can travel one a line. Used by json_differential.py and
mixed_network.py; it makes texts and judges none.
"""

import struct
from decimal import Decimal, localcontext

# Exponents, ties and borders where shortest printing, rounding or overflow has gone wrong somewhere.
NUMBERS = [
    "0", "-0", "0.0", "-0.0", "0e0", "-0E-0", "1", "-1", "1.0", "1.50", "1E5", "1e+05", "1E-005", "1e22", "1e23",
    "1e21", "123456789012345680.0", "9007199254740993", "9007199254740993.0", "1e15", "1e16", "1.0e16", "9999999999999998.0",
    "99999999999999990.0", "0.0001", "0.00001", "1e-4", "1e-5", "1e-7", "5e-324", "2.4703282292062327e-324",
    "2.4703282292062328e-324", "2.2250738585072011e-308", "2.2250738585072014e-308", "1.7976931348623157e308",
    "1.7976931348623158e308", "9007199254740992.5", "0.1", "0.2", "0.30000000000000004", "3.141592653589793",
    "4.35", "2e-3", "5e15", "8.5e-06", "9.5367431640625e-07", "2.9802322387695312e-08", "5.960464477539063e-08",
    "18446744073709551616", "-9223372036854775809", "9223372036854775807", "340282366920938463463374607431768211456",
    "1e-400", "-1e-400", "0e999999999999999999999", "1e-99999999999999999999", "0.000000000000000000000000000001e30",
    "100000000000000000000000.0", "1000000000000000000000000000000000000000000e-42", "72057594037927945.0",
    "2.00000000000000011102230246251565404236316680908203125", "2.00000000000000011102230246251565404236316680908203124",
]
BEYOND = ["1e400", "-1e400", "1e309", "-1.8e308", "1.7976931348623159e308", "1e99999999999999999999", "NaN", "Infinity", "-Infinity"]
NAMES = ["a", "b", "\\u0061", "", "sender", "amount", "A", "aa", "a\\u0000", "\\ud83d\\ude00", "\\uffff", "\\ue000", "é", "e\\u0301",
         "\\u007f", "~", "$serde_json::private::Number", "__proto__", "10", "9", "\\/", "/"]
LONE = ["\\ud800", "\\udfff", "\\ude00\\ud83d", "\\uD83D\\ud83d\\uDE00", "\\udbff", "\\udc00", "\\ud83dx", "\\ud83d\\n", "\\ud83d\\u0041"]
SHORT = ['\\"', "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t"]
RAW = ["é", "ß", "中", "\u007f", "\u0080", "\u009f", "\u00a0", "\u2028", "\u2029", "\ufeff", "\ufffd", "\uffff", "\ue000", "\ud7ff",
       "😀", "\U0010ffff", "\U00010000", "e\u0301", "/", "'", "<script>", "&amp;"]


class Writer:
    """Writes random JSON texts.

    beyond: numbers that become infinite, NaN, and lone surrogates (a B-Coin node refuses them in requests)
    deepest: the deepest nesting; longest: digits of the longest integers
    """

    def __init__(self, random, beyond=True, deepest=900, longest=4300):
        self.random = random
        self.beyond, self.deepest, self.longest = beyond, deepest, longest

    def text(self):
        """One document, with white space about it."""
        if self.random.random() < 0.004:
            return self.deep(self.random.randint(50, max(50, self.deepest - 5)))
        return self.space() + self.value(self.random.choice((0, 1, 2, 3, 4, 5))) + self.space()

    def deep(self, levels):
        """One value, `levels` deep and narrow."""
        opened, closed = [], []
        for _ in range(levels):
            if self.random.random() < 0.5:
                opened.append("[" + self.space())
                closed.append("]")
            else:
                opened.append("{" + self.string() + ":")
                closed.append("}")
        return "".join(opened) + self.scalar() + "".join(reversed(closed))

    def value(self, levels):
        if levels == 0 or self.random.random() < 0.3:
            return self.scalar()
        if self.random.random() < 0.4:
            items = [self.value(levels - 1) for _ in range(self.random.choice((0, 1, 2, 3, 5)))]
            return "[" + self.space() + self.comma().join(items) + self.space() + "]"
        members = [self.member(levels - 1) for _ in range(self.random.choice((0, 1, 2, 3, 4, 7)))]
        return "{" + self.space() + self.comma().join(members) + self.space() + "}"

    def member(self, levels):
        return self.name() + self.space() + ":" + self.space() + self.value(levels)

    def name(self):
        pick = self.random.random()
        if pick < 0.7:
            return '"' + self.random.choice(NAMES) + '"'
        if pick < 0.8 and self.beyond:
            return '"' + self.random.choice(LONE) + '"'
        return self.string()

    def comma(self):
        return self.space() + "," + self.space()

    def space(self):
        if self.random.random() < 0.6:
            return ""
        return self.random.choice((" ", "  ", "\t", "\r", " \t\r "))

    def scalar(self):
        pick = self.random.random()
        if pick < 0.45:
            return self.string()
        if pick < 0.85:
            return self.number()
        return self.random.choice(("true", "false", "null"))

    def string(self):
        return '"' + "".join(self.piece() for _ in range(self.random.choice((0, 0, 1, 2, 3, 5, 9)))) + '"'

    def piece(self):
        random = self.random
        pick = random.random()
        if pick < 0.35:
            return chr(random.choice((random.randint(0x20, 0x21), random.randint(0x23, 0x5B), random.randint(0x5D, 0x7E))))
        if pick < 0.50:
            return random.choice(SHORT)
        if pick < 0.65:
            return random.choice(RAW)
        if pick < 0.70:
            return self.raw_character()
        if pick < 0.80:
            return self.escape(random.choice((random.randint(0, 0x1F), random.randint(0x20, 0x7F), random.randint(0x80, 0xD7FF))))
        if pick < 0.85:
            return self.escape(random.randint(0xE000, 0xFFFF))
        if pick < 0.95 or not self.beyond:
            beyond = random.randint(0, 0xFFFFF)
            return self.escape(0xD800 + (beyond >> 10)) + self.escape(0xDC00 + (beyond & 0x3FF))
        if pick < 0.97:
            return self.escape(random.randint(0xD800, 0xDFFF))
        return random.choice(LONE)

    def raw_character(self):
        point = self.random.randint(0x80, 0x10FFFF)
        return "\ufffd" if 0xD800 <= point <= 0xDFFF else chr(point)

    def escape(self, unit):
        digits = f"{unit:04x}"
        return "\\u" + "".join(self.random.choice((digit, digit.upper())) for digit in digits)

    def number(self):
        random = self.random
        pick = random.random()
        if pick < 0.35:
            return random.choice(NUMBERS)
        if pick < 0.45:
            return random.choice(BEYOND) if self.beyond else str(random.randint(-9, 9))
        if pick < 0.60:
            return str(random.randint(-(10 ** random.randint(1, 30)), 10 ** random.randint(1, 30)))
        if pick < 0.61:
            return self.long_integer()
        if pick < 0.75:
            return self.respelled()
        if pick < 0.80:
            return self.tie()
        return self.double()

    def long_integer(self):
        digits = self.random.choice((self.longest, self.longest - 1, self.random.randint(31, self.longest)))
        return self.random.choice(("", "-")) + "9" + "".join(self.random.choices("0123456789", k=digits - 1))

    def bits(self):
        """Any finite double."""
        while True:
            value = struct.unpack("<d", self.random.getrandbits(64).to_bytes(8, "little"))[0]
            if value - value == 0:
                return value

    def double(self):
        random = self.random
        value = random.choice((self.bits, random.random, lambda: random.uniform(-1e6, 1e6), lambda: random.randint(1, 10**17) / 10**random.randint(0, 22)))()
        spelling = random.choice(("{!r}", "{:.17g}", "{:.16e}", "{:.20E}", "{:.5e}", "{:.1f}"))
        return spelling.format(value)

    def respelled(self):
        """Digits, point and exponent thrown together: long ones, zeros in front of exponents, both cases."""
        random = self.random
        whole = random.choice(("0", str(random.randint(1, 10 ** random.randint(1, 40)))))
        fraction = random.choice(("", "." + "".join(random.choices("0123456789", k=random.choice((1, 2, 5, 17, 40))))))
        exponent = ""
        if random.random() < 0.6:
            size = random.choice((0, 1, 4, 5, 15, 16, 17, 22, 60, 200, 290 if not self.beyond else 330))
            if not self.beyond and len(whole) > 15:
                size = 0
            exponent = random.choice("eE") + random.choice(("", "+", "-")) + random.choice(("", "0", "00")) + str(random.randint(0, size))
        return random.choice(("", "-")) + whole + fraction + exponent

    def tie(self):
        """A number exactly between two doubles, or one last digit beside it."""
        value = abs(self.bits())
        if not 1e-60 < value < 1e60:
            value = self.random.random() + 1e-9
        with localcontext() as context:
            context.prec = 900
            above = struct.unpack("<d", struct.pack("<q", struct.unpack("<q", struct.pack("<d", value))[0] + 1))[0]
            middle = (Decimal(value) + Decimal(above)) / 2
            text = f"{middle:f}"
        text = text if "." in text else text + ".0"
        return text + self.random.choice(("", "0", "1", "0000000001"))


SPOILERS = ["{", "}", "[", "]", '"', ",", ":", "0", "1", "-", "+", ".", "e", "E", "\\", "\\u", "\\ud8", "\\x41", "/", "null", "true", "NaN", "Infinity",
            "-NaN", "nan", "None", "'", "\x00", "\x01", "\x1f", "\x7f", "\xa0", "\ufeff", "\u2028", "\x0b", "\x0c", "//", "/**/", "01", "1.", ".5", "+1",
            "0x10", "1_000", "\uff11", "\u0661", " ", "\t", "\r", "tru", "\\u12g4", "\\u+123", "\\u 123", "\\u12_3"]
BROKEN_BYTES = [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80", b"\xe2\x82", b"\xf8\x88\x80\x80\x80", b"\xc1\x81"]


def spoilt(random, text):
    """`text` with a few slips: most are no JSON any more, some still are. Bytes, since some are no UTF-8 either."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        at = random.randint(0, len(text))
        pick = random.random()
        if pick < 0.35:
            text = text[:at] + random.choice(SPOILERS) + text[at:]
        elif pick < 0.60:
            text = text[:at] + text[at + random.choice((1, 1, 1, 2, 5)):]
        elif pick < 0.80:
            text = text[:at] + random.choice(SPOILERS) + text[at + 1:]
        elif pick < 0.90:
            text = text[:at]
        else:
            text = text[:at] + text[at - random.randint(0, min(at, 8)):]
    content = text.encode()
    if random.random() < 0.05:
        at = random.randint(0, len(content))
        content = content[:at] + random.choice(BROKEN_BYTES) + content[at:]
    return content.replace(b"\n", b"")
