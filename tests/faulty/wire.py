"""Requests that are malformed, ambiguous or odd: each has one right answer, and none changes what it should not."""

import json
import re

HOST = b"Host: localhost\r\n"
CLOSE = b"Connection: close\r\n"
TRANSACTION = b'{"sender":"a","receiver":"b","amount":1}'
SMUGGLED = b"GET /mine_block HTTP/1.1\r\n" + HOST + b"\r\n"


def post(*headers, body=TRANSACTION, version=b"1.1"):
    lines = b"".join(header + b"\r\n" for header in headers)
    return b"POST /add_transaction HTTP/" + version + b"\r\n" + HOST + CLOSE + lines + b"\r\n" + body


def get(target=b"/livez", *headers, method=b"GET", host=HOST):
    return method + b" " + target + b" HTTP/1.1\r\n" + host + CLOSE + b"".join(h + b"\r\n" for h in headers) + b"\r\n"


CHUNK = b"28\r\n" + TRANSACTION + b"\r\n0\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked"
LONG = b"Content-Length: 40"

# What is sent, and the statuses that come back, in order.
SHAPES = [
    ("length and chunked", post(LONG, CHUNKED, body=b"0\r\n\r\n" + SMUGGLED), [400]),
    ("two lengths that differ", post(LONG, b"Content-Length: 0", body=TRANSACTION + SMUGGLED), [400]),
    ("a list of lengths", post(b"Content-Length: 40, 40"), [400]),
    ("a signed length", post(b"Content-Length: +40"), [400]),
    ("a negative length", post(b"Content-Length: -1"), [400]),
    ("a length of hex", post(b"Content-Length: 0x28"), [400]),
    ("a length of 65 bits", post(b"Content-Length: 18446744073709551616"), [400]),
    ("a length of 63 bits", post(b"Content-Length: 9223372036854775807"), [413]),
    ("an unknown coding", post(b"Transfer-Encoding: xchunked", body=CHUNK), [400]),
    ("chunked, but not last", post(b"Transfer-Encoding: chunked, identity", body=CHUNK), [400]),
    ("a space before the colon", post(b"Transfer-Encoding : chunked", body=CHUNK), [400]),
    ("chunked in HTTP/1.0", post(CHUNKED, body=CHUNK, version=b"1.0"), [400]),
    ("a folded header", post(b"X: a\r\n b", LONG), [400]),
    ("chunk lines without CR", post(CHUNKED, body=CHUNK.replace(b"\r", b"")), [400]),
    ("a chunk size that is none", post(CHUNKED, body=b"zz\r\n" + CHUNK), [400]),
    ("a chunk size that overflows", post(CHUNKED, body=b"1000000000000000000" + CHUNK), [400]),
    ("a flood of trailers", post(CHUNKED, body=CHUNK[:-2] + b"X: y\r\n" * 3000 + b"\r\n"), [400]),
    ("a chunk extension of 100 KB", post(CHUNKED, body=b"28;" + b"a" * 100_000 + CHUNK[2:]), [400]),
    ("HTTP/0.9", b"GET /mine_block\r\n", [400]),
    ("HTTP/3.0", b"GET /mine_block HTTP/3.0\r\n" + HOST + b"\r\n", [400]),
    ("a TLS greeting", bytes.fromhex("16030100f5010000f10303") + b"\0" * 100, [400]),
    ("a foreign target", get(b"http://evil.example/mine_block"), [421]),
    ("a foreign host", get(b"/mine_block", host=b"Host: evil.example\r\n"), [421]),
    ("a host that begins with localhost", get(b"/mine_block", host=b"Host: localhost.evil.example\r\n"), [421]),
    ("a host with a user", get(b"/mine_block", host=b"Host: a@localhost\r\n"), [400]),
    ("two hosts", get(b"/mine_block", host=HOST + HOST), [400]),
    ("no host", get(b"/mine_block", host=b""), [400]),
    ("an empty host", get(b"/mine_block", host=b"Host:\r\n"), [400]),
    ("CONNECT", b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n" + CLOSE + b"\r\n", [421]),
    ("a path that is not UTF-8", get(b"/v1/blocks/\xff\xfe"), [400]),
    ("the same, escaped", get(b"/v1/blocks/%ff%fe"), [400]),
    ("an escape that ends early", get(b"/v1/blocks/%"), [400]),
    ("a NUL in the path", get(b"/mine_block\0"), [400]),
    ("dots in the path", get(b"/docs/../../etc/passwd"), [404]),
    ("a path of 70 KB", get(b"/" + b"y" * 70_000), [431]),
    ("1,000 headers", get(b"/livez", *[b"X-%d: y" % number for number in range(1000)]), [431]),
    ("a header of 9 KB", get(b"/livez", b"X: " + b"y" * 9000), [431]),
    ("a header of 8,000 bytes", get(b"/livez", b"X: " + b"y" * 8000), [200]),
    ("a NUL in a header", get(b"/livez", b"X: a\0b"), [400]),
    ("a bare CR in a header", get(b"/livez", b"X: a\rb"), [400]),
    ("a flood of empty lines", b"\r\n" * 100_000, [431]),
    ("a body where none belongs", get(b"/livez", LONG).replace(CLOSE, b"") + TRANSACTION + get(), [200, 200]),
    ("two requests in one write", get().replace(CLOSE, b"") + get(b"/readyz"), [200, 200]),
    ("1,000 requests in one write", get().replace(CLOSE, b"") * 999 + get(), [200] * 1000),
    ("an expectation that is too long", post(b"Expect: 100-continue", b"Content-Length: 400000", body=b""), [413]),
] + [
    (f"{method} of a call that mines", get(b"/mine_block", method=method.encode()), [405])
    for method in ("HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "PROPFIND", "FOO", "get")
]


def amount(text):
    return b'{"sender":"a","receiver":"b","amount":' + text.encode("utf-8", "surrogatepass") + b"}"


def sized(bytes_in_all):
    return amount('"' + "x" * (bytes_in_all - len(amount('""'))) + '"')


WHOLE = amount('"\u00e9\u20ac\U0001f600"').decode()
AS_THE_LAST = "\u00e9\u20ac\U0001f600"
#: A refusal.
NO = object()

# A body of add_transaction, and the amount that a block then holds; or NO.
BODIES = [(f"{code}", WHOLE.encode(code), AS_THE_LAST) for code in (
    "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")] + [
    ("UTF-16 and half a character", WHOLE.encode("utf-16") + b"\0", NO),
    ("a byte order mark alone", b"\xef\xbb\xbf", NO),
    ("Latin-1", WHOLE[:40].encode("latin-1") + b'"}', NO),
    ("an overlong slash", amount('"_"').replace(b"_", b"\xc0\xaf"), NO),
    ("surrogates in UTF-8", amount('"\ud83d\ude00"'), NO),
    ("16,384 bytes", sized(16_384), "x" * (16_384 - len(amount('""')))),
    ("16,385 bytes", sized(16_385), NO),
    ("nested 64 deep in all", amount("[" * 63 + "]" * 63), json.loads("[" * 63 + "]" * 63)),
    ("nested 65 deep in all", amount("[" * 64 + "]" * 64), NO),
    ("5,000 open brackets", amount("[" * 5000), NO),
    ("4,300 digits", amount("7" * 4300), int("7" * 4300)),
    ("4,301 digits", amount("7" * 4301), NO),
    ("minus and 4,301 digits", amount("-" + "7" * 4301), NO),
    ("a double of 4,301 digits", amount("0." + "7" * 4301), 7 / 9),
    ("a name that serde_json treats specially", amount('{"$serde_json::private::Number":"7"}'),
     {"$serde_json::private::Number": "7"}),
    ("a repeated member", amount('{"a":1,"a":2}'), {"a": 2}),
    ("a repeated amount", amount('1,"amount":2'), 2),
    ("an escaped name", amount("3").replace(b"sender", b"s\\u0065nder"), 3),
    ("an escaped NUL", amount('"\\u0000"'), "\0"),
    ("an integer beyond doubles", amount("9007199254740993"), 9007199254740993),
    ("white space around", b" \t\r\n" + amount("4") + b"\n ", 4),
] + [(f"refused: {text!r}", amount(text), NO) for text in (
    "NaN", "Infinity", "-Infinity", "1e400", '"\\ud800"', '"\\udc00\\ud800"', '"\x01"', '"\n"', '"\\x41"', '"\\u12"',
    "01", "1.", ".5", "+1", "0x10", "1_000", "[1,]", '{"a":1,}', "// c\n1", "'a'", "", "1}{")
] + [(f"not a transaction: {body!r}", body, NO) for body in (
    b"", b"null", b"[]", b'"x"', b"1", b"{}", b"{} {}", b"sender=a&receiver=b&amount=1", amount("1") + b"\0",
    b"\0" + amount("1"), b"\x0b" + amount("1"))]

ADDRESSES_REFUSED = [
    "[fe80::1%eth0]:1002", "[fe80::1]:1002", "169.254.169.254:80", "[::ffff:169.254.169.254]:80",
    "[64:ff9b::a9fe:a9fe]:80", "[fd00:ec2::254]:80", "0.0.0.0:1002", "[::]:1002", "224.0.0.1:1", "[ff02::1]:1",
    "255.255.255.255:1", "http://user:pw@127.0.0.1:1002", "http://127.0.0.1:1002@evil.example:80",
    "http://127.0.0.1:1002/path", "http://127.0.0.1:1002/?q", "http://127.0.0.1:1002#f", "ftp://127.0.0.1:1002",
    "file:///etc/passwd", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1: 1002",
    "127.0.0.1:1002\r\nX: y", "127.0.0.1:1002\0", "a" * 300 + ":1002", "http://", "", ":1002", "[::1", "::1:1002",
    "256.1.1.1:1002", 5, None, True, {}, ["127.0.0.1:1002"], "0xa9fea9fe:80", "2852039166:80", "0251.0376.0251.0376:80",
]
# Different spellings of one address.
SAME_ADDRESS = ["127.0.0.1:9", "http://127.0.0.1:9/", "HTTP://127.1:9", "0x7f.1:9", "0177.0.0.1:9", "2130706433:9",
                "[::ffff:127.0.0.1]:9", "%31%32%37.0.0.1:9"]


def statuses(answer):
    return [int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer)]


def shapes(score, node):
    height = node.json("/v1/node")["tip"]["height"]
    waiting = node.json("/v1/transactions/waiting")["total"]
    for name, text, expected in SHAPES:
        got = statuses(node.raw(text))
        score.check(f"HTTP: {name}", got == expected, f"expected {expected[:3]}, got {len(got)}: {got[:3]}")
    now = node.json("/v1/node")
    score.check("HTTP: nothing was mined", now["tip"]["height"] == height, f"{height} became {now['tip']['height']}")
    score.check("HTTP: nothing waits", now["waiting"] == waiting, f"{waiting} became {now['waiting']}")
    got = statuses(node.raw(post(CHUNKED, body=b"28;a=b\r\n" + CHUNK[4:-2] + b"X-T: y\r\nContent-Length: 9\r\n\r\n")))
    score.check("HTTP: chunks with extensions and trailers", got == [201], got)
    got = statuses(node.raw(post(b"Expect: 100-continue", LONG)))
    score.check("HTTP: an expectation that is met", got == [100, 201], got)
    # Half a connection is a client that went away, so no answer is owed; but nothing may be done twice.
    node.raw(post(LONG), half_close=True)
    total = node.json("/v1/transactions/waiting")["total"]
    score.check("HTTP: half a connection adds once at most", total in (waiting + 2, waiting + 3), total)


def bodies(score, node):
    node.ask("POST", "/mine_block")
    expected = []
    for name, body, amount_then in BODIES:
        status, answer = node.ask("POST", "/add_transaction", body)
        wanted = {400, 413} if amount_then is NO else {201}
        detail = answer[:200].decode(errors="replace")
        good = status in wanted and (status == 201 or json.loads(answer).get("detail"))
        score.check(f"JSON: {name}", good, f"{status} {detail}")
        if amount_then is not NO:
            expected.append(amount_then)
    node.ask("POST", "/mine_block")
    block = node.json("/v1/blocks/tip")["block"]
    amounts = [transaction["amount"] for transaction in block["transactions"][:-1]]
    score.check("JSON: the block holds what was sent, in order", repr(amounts) == repr(expected), repr(amounts)[:300])


def addresses(score, node):
    def connect(nodes):
        status, answer = node.ask("POST", "/connect_node", {"nodes": nodes})
        return status, json.loads(answer)

    for address in ADDRESSES_REFUSED:
        status, answer = connect([address])
        named = isinstance(address, str) and address[:20].split("\r")[0].split("\0")[0] in str(answer)
        good = status == 400 and (named or not isinstance(address, str))
        score.check(f"address {str(address)[:40]!r} is refused", good, f"{status} {str(answer)[:200]}")
    score.check("17 addresses are refused", connect([f"127.0.0.1:{port}" for port in range(9, 26)])[0] == 400)
    score.check("of a list with a bad one none is taken", connect(["127.0.0.1:9", "bad host"])[0] == 400)
    score.check("no refused address is known", node.json("/v1/peers")["peers"] == [], node.json("/v1/peers"))
    own = [f"{host}:{node.port}" for host in ("127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "127.1")]
    known = connect(own)[1].get("total_nodes")
    score.check("a node leaves itself out", known == [], known)
    known = connect(SAME_ADDRESS)[1].get("total_nodes")
    score.check("one address in many spellings is one peer", known == ["127.0.0.1:9"], known)


def play(score, node):
    addresses(score, node)
    shapes(score, node)
    bodies(score, node)
