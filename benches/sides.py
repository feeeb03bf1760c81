"""The servers that are compared: B-Coin, its route without a store, the book's Flask node, nginx. All on loopback."""

import shutil
import subprocess
import time
from pathlib import Path

import chains
import load
import nodes

# Debian's own nginx.conf, with what ties it to the machine (paths, port, user) replaced.
NGINX = """
{user}
worker_processes auto;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 768; }}
http {{
    sendfile on;
    tcp_nopush on;
    types_hash_max_size 2048;
    default_type application/json;
    access_log {folder}/access.log;
    gzip on;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port}; root {root}; }}
}}
"""


class Nginx(nodes.Node):
    kind = "nginx"

    def __init__(self, folder, root):
        port = nodes.free_port()
        folder = Path(folder) / f"nginx-{port}"
        folder.mkdir(parents=True)
        settings = folder / "nginx.conf"
        user = "user root;" if Path.home() == Path("/root") else ""
        settings.write_text(NGINX.format(folder=folder, root=root, port=port, user=user))
        command = [load.find("nginx"), "-p", str(folder), "-c", str(settings), "-g", "daemon off;"]
        super().__init__(command, port, folder / "nginx.log")


class Storeless(nodes.Node):
    """The same router and handler over a writer without a store; `/bare` serves a file from memory."""

    kind = "storeless"

    def __init__(self, binary, folder, bare=None):
        port = nodes.free_port()
        command = [binary, "--port", str(port), *(["--bare", str(bare)] if bare else [])]
        super().__init__(command, port, Path(folder) / f"{port}.log")


class Sides:
    """Starts what a measurement asks for and ends all of it afterwards."""

    def __init__(self, bcoin, storeless):
        self.binary, self.storeless_binary = bcoin, storeless
        self.started = []
        self.folder = chains.WORK / f"run-{time.time_ns()}"
        self.folder.mkdir(parents=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.started:
            server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def keep(self, server, path):
        self.started.append(server.spawn())
        server.wait_ready(path, 120)
        return server

    def bcoin(self, blocks=0, more=()):
        """A node with all defaults and a data folder on disk, its chain `blocks` long."""
        node = nodes.BcoinNode(self.binary, self.folder, more=more)
        if blocks:
            self.import_chain(node, blocks)
        return self.keep(node, "/readyz")

    def import_chain(self, node, blocks):
        path = chains.chain_file(blocks)
        began = time.monotonic()
        command = [self.binary, "import", str(path), "--data-dir", str(node.folder)]
        run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if run.returncode != 0:
            raise RuntimeError(f"bcoin import ended with {run.returncode}: {run.stdout}{run.stderr}")
        node.import_seconds = time.monotonic() - began

    def book(self):
        return self.keep(nodes.BookNode(self.folder), "/get_chain")

    def storeless(self, bare=None):
        return self.keep(Storeless(self.storeless_binary, self.folder, bare), "/bare")

    def nginx(self, file):
        return self.keep(Nginx(self.folder, file.parent), f"/{file.name}")
