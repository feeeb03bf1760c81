"""Two network namespaces joined by a cable: one for the node, one for the browser. Needs root and iproute2.

A thread's sockets and children belong to the namespace it stands in when it makes them, and threads start where their
maker stands; so a server started inside `with cable.browser_side():` stays there.
"""

import contextlib
import ctypes
import os
import subprocess

NODE_ADDRESS = "10.213.77.1"
BROWSER_ADDRESS = "10.213.77.2"
# Of the same machine as the browser, but not one that the node allows.
STRANGER_ADDRESS = "10.213.77.3"
NEW_NETWORK = 0x40000000

libc = ctypes.CDLL(None, use_errno=True)


def ip(*arguments, check=True):
    subprocess.run(["ip", *arguments], check=check, capture_output=True, timeout=10)


def enter(path):
    with open(path, "rb") as namespace:
        if libc.setns(namespace.fileno(), NEW_NETWORK) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter {path}")


@contextlib.contextmanager
def inside(name):
    """The calling thread stands in the namespace until the end of the block."""
    home = f"/proc/self/task/{libc.gettid()}/ns/net"
    with open(home, "rb") as before:
        enter(f"/run/netns/{name}")
        try:
            yield
        finally:
            if libc.setns(before.fileno(), NEW_NETWORK) != 0:
                raise OSError(ctypes.get_errno(), "cannot go back to the first namespace")


class Cable:
    """Both namespaces, from `with` to the end of the block."""

    def __init__(self):
        self.node, self.browser = (f"bcoin-{side}-{os.getpid()}" for side in ("node", "page"))

    def __enter__(self):
        try:
            ip("netns", "add", self.node)
            ip("netns", "add", self.browser)
            other_end = ["peer", "name", "wire1", "netns", self.browser]
            ip("link", "add", "wire0", "netns", self.node, "type", "veth", *other_end)
            for name, wire, addresses in (
                (self.node, "wire0", [NODE_ADDRESS]),
                (self.browser, "wire1", [BROWSER_ADDRESS, STRANGER_ADDRESS]),
            ):
                for address in addresses:
                    ip("-n", name, "address", "add", f"{address}/24", "dev", wire)
                ip("-n", name, "link", "set", wire, "up")
                ip("-n", name, "link", "set", "lo", "up")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for name in (self.node, self.browser):
            ip("netns", "delete", name, check=False)

    def node_side(self):
        return inside(self.node)

    def browser_side(self):
        return inside(self.browser)
