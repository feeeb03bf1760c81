"""Every way known here by which a page makes a browser call another server.

A trick makes one or more pages out of the servers to call. Each page calls every one of them; the test visits the
pages in turn and counts what arrives. `needs_trust` marks what browsers offer only to pages of https or loopback, and
`optional` what this browser may leave out, such as fetching in advance.
"""

import dataclasses
import hashlib
import html
import json
from typing import Callable

TRANSACTION = {"sender": "mallory", "receiver": "mallory", "amount": 1}
BODIES = {
    "/mine_block": {},
    "/replace_chain": {},
    "/add_transaction": TRANSACTION,
    "/connect_node": {"nodes": ["http://192.0.2.9:1001"]},
}
GETS = ("/mine_block", "/replace_chain")
POSTS = tuple(BODIES)


@dataclasses.dataclass(frozen=True)
class Page:
    body: str = ""
    headers: tuple = ()
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    #: What the same address answers from the second request on.
    then: "Page | None" = None


@dataclasses.dataclass(frozen=True)
class Trick:
    name: str
    #: Makes the pages; the argument is the list of base addresses to call.
    pages: Callable
    needs_trust: bool = False
    optional: bool = False
    #: What has to arrive, whatever it is answered.
    routes: tuple = GETS


def name_of(url):
    """A word of its own for each address, to name a frame or a font by."""
    return "f" + hashlib.sha256(url.encode()).hexdigest()[:12]


def each(make, routes=GETS):
    """One page with a piece of HTML for each server and route."""

    def pages(bases):
        urls = [base + route for base in bases for route in routes]
        return [Page("".join(make(html.escape(url)) for url in urls))]

    return pages


def one_by_one(make, routes=GETS):
    """A page of its own for each server and route: for what leaves the page."""
    return lambda bases: [make(base + route) for base in bases for route in routes]


def script(code, routes=GETS):
    """One page that runs the code for each `url` and the `body` that the route takes."""

    def pages(bases):
        calls = [[base + route, json.dumps(BODIES[route])] for base in bases for route in routes]
        return [Page(f"<script>for (const [url, body] of {json.dumps(calls)}) {{ {code} }}</script>")]

    return pages


def post_with(headers):
    return script(f"fetch(url, {{method: 'POST', body, headers: {headers}}}).catch(() => 0);", POSTS)


def in_worker(code):
    """The same in a classic worker."""

    def pages(bases):
        urls = [base + route for base in bases for route in GETS]
        source = f"for (const url of {json.dumps(urls)}) {{ {code} }}"
        return [Page(f"<script>new Worker(URL.createObjectURL(new Blob([{json.dumps(source)}])));</script>")]

    return pages


def service_worker(bases):
    urls = [base + route for base in bases for route in POSTS]
    code = f"for (const url of {json.dumps(urls)}) fetch(url, {{method: 'POST', mode: 'no-cors', body: '{{}}'}});"
    return [
        Page(code, content_type="text/javascript"),
        Page("<script>navigator.serviceWorker.register('{previous}');</script>"),
    ]


def json_field(route):
    """A form field whose text/plain encoding, `name=value`, reads as the JSON that the route takes."""
    text = json.dumps(BODIES[route] | {"x": ""})
    name, value = text[:-2], text[-2:]
    return f"<input name='{html.escape(name)}' value='{html.escape(value)}'>"


def form(method, encoding, frame):
    """Forms that send themselves, to a frame beside them or in place of the page."""

    def one(url):
        route = "/" + url.rsplit("/", 1)[1]
        before = target = ""
        if frame:
            before, target = f"<iframe name='{name_of(url)}'></iframe>", f"target='{name_of(url)}'"
        return (
            f"{before}<form action='{url}' method='{method}' enctype='{encoding}' {target}>"
            f"{json_field(route)}</form><script>document.forms[document.forms.length - 1].submit();</script>"
        )

    routes = POSTS if method == "post" else GETS
    if frame:
        return lambda bases: [Page("".join(one(base + route) for base in bases for route in routes))]
    return one_by_one(lambda url: Page(one(url)), routes)


def report_policy(bases):
    """A content security policy whose violations the browser reports with a POST."""
    policies = [
        ("Content-Security-Policy", f"img-src 'none'; report-uri {base + route}") for base in bases for route in POSTS
    ]
    return [Page("<img src='data:image/png;base64,AAAA'>", headers=tuple(policies))]


def speculation(action):
    def pages(bases):
        urls = [base + route for base in bases for route in GETS]
        rules = {action: [{"source": "list", "urls": urls, "eagerness": "immediate"}]}
        return [Page(f"<script type=speculationrules>{json.dumps(rules)}</script>")]

    return pages


def sandboxed(bases):
    """Forms in a frame whose origin is opaque: the browser sends `Origin: null`."""
    inner = "".join(page.body for page in form("post", "text/plain", frame=True)(bases))
    inner += "".join(f"<img src='{base + route}'>" for base in bases for route in GETS)
    return [Page(f"<iframe sandbox='allow-scripts allow-forms' srcdoc=\"{html.escape(inner)}\"></iframe>")]


def redirecting(kind):
    """The page's own server sends the browser on to the node."""

    def pages(bases):
        made = []
        for base in bases:
            for route in GETS:
                made.append(Page(status=302, headers=(("Location", base + route),)))
                made.append(Page(kind))
        return made

    return pages


def linked(bases):
    links = ", ".join(f"<{base + route}>; rel=preload; as=image" for base in bases for route in GETS)
    return [Page("a page", headers=(("Link", links),))]


def refreshed(url):
    return Page("a page", headers=(("Refresh", f"0; url={url}"),))


def pinged(bases):
    urls = " ".join(base + route for base in bases for route in POSTS)
    return [Page(f"<a id=a href='#here' ping='{urls}'>a</a><script>document.getElementById('a').click();</script>")]


TRICKS = [
    Trick("image", each(lambda url: f"<img src='{url}'>")),
    Trick("image without a referrer", each(lambda url: f"<img src='{url}' referrerpolicy=no-referrer>")),
    Trick("image with CORS", each(lambda url: f"<img src='{url}' crossorigin=use-credentials>")),
    Trick("picture set", each(lambda url: f"<img srcset='{url} 1x'>")),
    Trick("image button", each(lambda url: f"<input type=image src='{url}'>")),
    Trick("svg image", each(lambda url: f"<svg><image href='{url}' width=9 height=9 /></svg>")),
    Trick("script", each(lambda url: f"<script src='{url}'></script>")),
    Trick("module", each(lambda url: f"<script type=module src='{url}'></script>")),
    Trick("dynamic import", script("import(url).catch(() => 0);")),
    Trick("style sheet", each(lambda url: f"<link rel=stylesheet href='{url}'>")),
    Trick("style import", each(lambda url: f"<style>@import '{url}';</style>")),
    Trick("style background", each(lambda url: f"<div style='background: url({url}); height: 9px'>x</div>")),
    Trick("font", each(lambda url: f"<style>@font-face {{font-family: {name_of(url)}; src: url('{url}')}}</style>"
                                   f"<p style='font-family: {name_of(url)}'>text</p>")),
    Trick("preload", each(lambda url: f"<link rel=preload as=image href='{url}'>")),
    Trick("module preload", each(lambda url: f"<link rel=modulepreload href='{url}'>")),
    Trick("Link header", linked),
    Trick("prefetch", each(lambda url: f"<link rel=prefetch href='{url}'>")),
    Trick("prerender", each(lambda url: f"<link rel=prerender href='{url}'>"), optional=True),
    Trick("icon", each(lambda url: f"<link rel=icon href='{url}'>"), optional=True),
    Trick("manifest", one_by_one(lambda url: Page(f"<link rel=manifest href='{url}'>")), optional=True),
    Trick("speculation rules: prefetch", speculation("prefetch"), optional=True),
    Trick("speculation rules: prerender", speculation("prerender"), optional=True),
    Trick("frame", each(lambda url: f"<iframe src='{url}'></iframe>")),
    Trick("object", each(lambda url: f"<object data='{url}'></object>")),
    Trick("embed", each(lambda url: f"<embed src='{url}' type='text/html'>")),
    Trick("video", each(lambda url: f"<video src='{url}' autoplay muted></video>")),
    Trick("audio", each(lambda url: f"<audio src='{url}' preload=auto></audio>")),
    Trick("subtitles", each(lambda url: "<video crossorigin=anonymous src='data:video/mp4;base64,AAAA'>"
                                        f"<track default kind=subtitles src='{url}'></video>"), optional=True),
    Trick("fetch no-cors GET", script("fetch(url, {mode: 'no-cors', keepalive: true});")),
    Trick("fetch no-cors POST", script("fetch(url, {method: 'POST', mode: 'no-cors', keepalive: true, body});", POSTS),
          routes=POSTS),
    Trick("fetch CORS GET", script("fetch(url, {credentials: 'include'}).catch(() => 0);")),
    Trick("fetch CORS POST of JSON", post_with("{'Content-Type': 'application/json'}"), routes=POSTS),
    Trick("fetch with a token of its own", post_with("{Authorization: 'Bearer x'}"), routes=POSTS),
    Trick("XMLHttpRequest GET", script("const x = new XMLHttpRequest(); x.open('GET', url); x.send();")),
    Trick("XMLHttpRequest POST", script("const x = new XMLHttpRequest(); x.open('POST', url); x.send(body);", POSTS),
          routes=POSTS),
    Trick("beacon", script("navigator.sendBeacon(url, body);", POSTS), routes=POSTS),
    Trick("beacon of a blob", script("navigator.sendBeacon(url, new Blob([body], {type: 'text/plain'}));", POSTS),
          routes=POSTS),
    Trick("event source", script("new EventSource(url);")),
    Trick("web socket", script("new WebSocket(url.replace('http', 'ws'));")),
    Trick("worker importScripts", in_worker("try { importScripts(url); } catch (e) {}")),
    Trick("worker fetch", in_worker("fetch(url, {mode: 'no-cors'});")),
    Trick("service worker", service_worker, needs_trust=True, routes=POSTS),
    Trick("link ping", pinged, routes=POSTS),
    Trick("policy report", report_policy, routes=POSTS),
    Trick("form GET in a frame", form("get", "", frame=True)),
    Trick("form POST text/plain in a frame", form("post", "text/plain", frame=True), routes=POSTS),
    Trick("form POST multipart in a frame", form("post", "multipart/form-data", frame=True), routes=POSTS),
    Trick("sandboxed frame", sandboxed, routes=POSTS),
    Trick("form GET", form("get", "", frame=False)),
    Trick("form POST text/plain", form("post", "text/plain", frame=False), routes=POSTS),
    Trick("form POST urlencoded", form("post", "application/x-www-form-urlencoded", frame=False), routes=POSTS),
    Trick("window.open", script("window.open(url);")),
    Trick("window.open, no opener", script("window.open(url, '_blank', 'noopener,noreferrer');")),
    Trick("location", one_by_one(lambda url: Page(f"<script>location = {json.dumps(url)};</script>"))),
    Trick("link clicked", one_by_one(lambda url: Page(f"<a id=a href='{url}'>a</a><script>a.click();</script>"))),
    Trick("meta refresh", one_by_one(lambda url: Page(f"<meta http-equiv=refresh content='0; url={url}'>"))),
    Trick("Refresh header", one_by_one(refreshed)),
    Trick("image redirected", redirecting("<img src='{previous}'>")),
    Trick("location redirected", redirecting("<script>location = '{previous}';</script>")),
]
