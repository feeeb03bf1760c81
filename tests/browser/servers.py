"""The servers around the node: foreign pages, an undefended twin of the node, and a peer with a longer chain."""

import collections
import hashlib
import http.server
import json
import threading

CHANGING = {"/mine_block", "/replace_chain", "/add_transaction", "/connect_node"}


class Server:
    """Answers every request with `answer(request)` in threads of its own, from `with` to the end of the block."""

    def __init__(self, address, port=0):
        self.address, self.wanted = address, port

    def __enter__(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 20

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                self.body = self.rfile.read(length)
                status, headers, body = outer.answer(self)
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_POST = do_OPTIONS = do_HEAD = answer

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 256
            allow_reuse_address = True

            def handle_error(self, request, client_address):
                """Browsers go away in the middle of an answer; that is no news."""

        self.server = Quiet((self.address, self.wanted), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


class Pages(Server):
    """Serves pages under numbers that are given out once."""

    def __init__(self, address, port=0, headers=()):
        super().__init__(address, port)
        self.headers, self.pages, self.lock = list(headers), {}, threading.Lock()
        self.visited = set()

    def add(self, pages):
        """Takes a trick's pages; their paths. `{previous}` in a page stands for the path of the page before it."""
        paths = []
        with self.lock:
            for page in pages:
                path = f"/page{len(self.pages)}"
                body = page.body.replace("{previous}", paths[-1] if paths else "")
                self.pages[path] = page, body.encode()
                paths.append(path)
        return paths

    def answer(self, request):
        page, body = self.pages.get(request.path, (None, b""))
        if page is None:
            return 404, self.headers, b""
        if page.then and request.path in self.visited:
            page, body = page.then, page.then.body.encode()
        self.visited.add(request.path)
        headers = [("Content-Type", page.content_type), *page.headers, *self.headers]
        return page.status, headers, body


class Undefended(Server):
    """What the book's node is to a browser: does what anybody asks, and lets every origin ask."""

    def __init__(self, address, port=0):
        super().__init__(address, port)
        self.lock = threading.Lock()
        self.forget()

    def forget(self):
        with self.lock:
            self.received = collections.Counter()
            self.changes = 0
            self.headers = []

    def answer(self, request):
        route = request.path.split("?")[0]
        with self.lock:
            if route in CHANGING:
                self.received[route] += 1
                self.headers.append({name.lower(): value for name, value in request.headers.items()})
                self.changes += self._changes(request, route)
        allowed = [
            ("Access-Control-Allow-Origin", request.headers.get("Origin", "*")),
            ("Access-Control-Allow-Credentials", "true"),
            ("Access-Control-Allow-Headers", "content-type, authorization"),
            ("Cache-Control", "no-store"),
            ("Content-Type", "application/json"),
        ]
        return 200, allowed, b"{}"

    @staticmethod
    def _changes(request, route):
        if request.command == "OPTIONS":
            return 0
        if route in ("/mine_block", "/replace_chain"):
            return 1
        try:
            return int(isinstance(json.loads(request.body), dict))
        except ValueError:
            return 0


def chain_of(length):
    """A valid chain of its own: the book's rule, from the first proof up."""
    blocks, proofs = [], [1]
    while len(proofs) < length:
        last, proof = proofs[-1], 1
        while not hashlib.sha256(str(proof**2 - last**2).encode()).hexdigest().startswith("0000"):
            proof += 1
        proofs.append(proof)
    previous = "0"
    for index, proof in enumerate(proofs, 1):
        block = {
            "index": index,
            "timestamp": f"2026-01-01 00:00:{index:02}.000000",
            "proof": proof,
            "previous_hash": previous,
            "transactions": [],
        }
        previous = hashlib.sha256(json.dumps(block, sort_keys=True).encode()).hexdigest()
        blocks.append(block)
    return blocks


class Peer(Server):
    """A peer whose chain is longer, and which counts how often it was asked for it."""

    def __init__(self, address, length):
        super().__init__(address)
        self.asked = 0
        self.length = length
        self.body = json.dumps({"chain": chain_of(length), "length": length}).encode()

    def answer(self, request):
        self.asked += 1
        return 200, [("Content-Type", "application/json")], self.body
