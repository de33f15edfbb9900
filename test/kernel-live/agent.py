"""Sockets in several network namespaces: opens listeners, makes attempts one after the other, and says what arrived where.

Reads one JSON plan on standard input and writes one JSON report on standard output. Needs root; enters only the namespaces it is given.
"""
import ctypes
import errno
import fcntl
import json
import os
import select
import socket
import struct
import subprocess
import sys
import time

CLONE_NEWNET = 0x40000000
SIOCDARP = 0x8953
SO_MARK = 36
SO_ORIGINAL_DST = 80
TCP_REPAIR = 19
IP_TRANSPARENT, IP_PKTINFO, IP_ORIGDSTADDR = 19, 8, 20
IPV6_TRANSPARENT, IPV6_RECVPKTINFO, IPV6_PKTINFO, IPV6_ORIGDSTADDR = 75, 49, 50, 74

NETLINK_NETFILTER, NLM_F_REQUEST, NLM_F_ACK = 12, 1, 4

ANSWER = b"answer to "

LIBC = ctypes.CDLL(None, use_errno=True)


def enter(namespace):
    handle = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    try:
        if LIBC.setns(handle, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
    finally:
        os.close(handle)


def family_of(ip):
    return socket.AF_INET6 if ":" in ip else socket.AF_INET


def set_options(sock, family, mark, transparent):
    if mark:
        sock.setsockopt(socket.SOL_SOCKET, SO_MARK, mark)
    if transparent and family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, IP_TRANSPARENT, 1)
    if transparent and family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_TRANSPARENT, 1)


def open_listener(spec):
    enter(spec["namespace"])
    family = family_of(spec["ip"])
    kind = socket.SOCK_STREAM if spec["protocol"] == "tcp" else socket.SOCK_DGRAM
    sock = socket.socket(family, kind)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    set_options(sock, family, spec["mark"], spec["transparent"])
    if kind == socket.SOCK_DGRAM and family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        sock.setsockopt(socket.IPPROTO_IP, IP_ORIGDSTADDR, 1)
    if kind == socket.SOCK_DGRAM and family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_ORIGDSTADDR, 1)
    sock.bind((spec["ip"], spec["port"]))
    if kind == socket.SOCK_STREAM:
        sock.listen(256)
    return sock


def original_destination(sock, family):
    try:
        if family == socket.AF_INET:
            raw = sock.getsockopt(socket.IPPROTO_IP, SO_ORIGINAL_DST, 16)
            return [socket.inet_ntop(family, raw[4:8]), struct.unpack("!H", raw[2:4])[0]]
        raw = sock.getsockopt(socket.IPPROTO_IPV6, SO_ORIGINAL_DST, 28)
        return [socket.inet_ntop(family, raw[8:24]), struct.unpack("!H", raw[2:4])[0]]
    except OSError:
        return None


class Lab:
    def __init__(self, plan):
        self.plan = plan
        self.pace = plan["pace"]
        self.kept = []
        self.listeners = {}
        for spec in plan["listeners"]:
            sock = open_listener(spec)
            self.listeners[sock.fileno()] = (sock, spec)

    def report(self):
        sockets = {name: self.run(name, ["ss", "-H", "-lntu"]) for name in self.plan["namespaces"]}
        baseline = self.read_counters()
        return {"sockets": sockets, "baseline": baseline, "observed": [self.observe(attempt) for attempt in self.plan["attempts"]]}

    def run(self, namespace, command):
        enter(namespace)
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def forget_sockets(self):
        """An attempt may get the ports of an earlier one: closed in repair mode, a socket says nothing to its other end."""
        for sock in self.kept:
            with sock:
                sock.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        self.kept = []

    def observe(self, attempt):
        self.forget_sockets()
        for neighbour in self.plan["neighbours"]:
            forget(**neighbour)
        for namespace in self.plan["namespaces"]:
            forget_connections(namespace)
        seen = {"tcp": self.connect, "udp": self.send_datagram, "icmp": self.ping}[attempt["protocol"]](attempt)
        seen["counters"] = self.read_counters()
        return seen

    def read_counters(self):
        return {one["key"]: self.run(one["namespace"], one["command"]) for one in self.plan["counters"]}

    def client(self, attempt, kind, protocol=0):
        """The owner of a socket is who opens it; the options need root again."""
        family = family_of(attempt["destination"]["ip"])
        enter(attempt["namespace"])
        os.setegid(attempt["group"])
        os.seteuid(attempt["user"])
        try:
            sock = socket.socket(family, kind, protocol)
        finally:
            os.seteuid(0)
            os.setegid(0)
        sock.setblocking(False)
        set_options(sock, family, attempt["mark"], attempt["transparent"])
        wildcard = "::" if family == socket.AF_INET6 else "0.0.0.0"
        sock.bind((attempt.get("source", wildcard), attempt["sourcePort"]))
        return sock

    def connect(self, attempt):
        try:
            sock = self.client(attempt, socket.SOCK_STREAM)
        except OSError as error:
            return {"result": errno.errorcode[error.errno], "accepted": [], "answered": False}
        to = attempt["destination"]
        code = sock.connect_ex((to["ip"], to["port"]))
        accepted = []
        if code in (0, errno.EINPROGRESS):
            code = self.await_connection(sock, accepted)
        # An error that came while connect() still held the socket: the next SYN would end with it.
        pending = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if code is None else 0
        result = "connected" if code == 0 else "timeout" if code is None else errno.errorcode[code]
        if code == 0:
            self.kept.append(sock)
            self.collect(accepted, self.pace["settle"])
        else:
            sock.close()
            self.collect(accepted, 0)
        told = {"pending": errno.errorcode[pending]} if pending else {}
        return {"result": result, **told, "accepted": accepted, "answered": code == 0 and len(accepted) > 0}

    def await_connection(self, sock, accepted):
        """0, an errno, or None when nothing came."""
        end = time.monotonic() + self.pace["patience"]
        poll = self.poll()
        poll.register(sock, select.EPOLLOUT | select.EPOLLERR)
        while (left := end - time.monotonic()) > 0:
            for handle, _ in poll.poll(left):
                if handle == sock.fileno():
                    code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    return 0 if is_connected(sock) else code
                self.take(handle, accepted)
        return None

    def poll(self):
        poll = select.epoll()
        for handle in self.listeners:
            poll.register(handle, select.EPOLLIN)
        return poll

    def collect(self, accepted, patience):
        """What arrives within the time; ends with the first that does."""
        end = time.monotonic() + patience
        poll = self.poll()
        while True:
            ready = poll.poll(max(0, end - time.monotonic()))
            for handle, _ in ready:
                self.take(handle, accepted)
            if ready or accepted or time.monotonic() >= end:
                return

    def take(self, handle, accepted):
        sock, spec = self.listeners[handle]
        while True:
            try:
                accepted.append(self.accept(sock, spec) if spec["protocol"] == "tcp" else self.hear(sock, spec))
            except BlockingIOError:
                return
            except OSError:
                continue

    def accept(self, sock, spec):
        one, peer = sock.accept()
        self.kept.append(one)
        local = one.getsockname()
        return {**where(spec), "local": local[:2], "peer": peer[:2], "original": original_destination(one, sock.family)}

    def hear(self, sock, spec):
        """Takes a datagram and answers it from the address it came to."""
        data, controls, _, peer = sock.recvmsg(2048, 512)
        if data.startswith(ANSWER):
            raise OSError(errno.EBADMSG, "servers do not answer answers")
        if not data.isdigit():
            raise OSError(errno.EBADMSG, "a packet of a tunnel that went astray")
        level, kind, info = next(one for one in controls if one[1] in (IP_PKTINFO, IPV6_PKTINFO))
        six = sock.family == socket.AF_INET6
        local = socket.inet_ntop(sock.family, info[0:16] if six else info[8:12])
        packed = socket.inet_pton(sock.family, local)
        source = packed + struct.pack("i", 0) if six else struct.pack("i", 0) + packed + bytes(4)
        try:
            sock.sendmsg([ANSWER + data], [(level, kind, source)], 0, peer)
        except OSError:
            pass
        # A packet that TPROXY handed over still has the port that was asked for.
        asked = next(one[2] for one in controls if one[1] in (IP_ORIGDSTADDR, IPV6_ORIGDSTADDR))
        port = struct.unpack("!H", asked[2:4])[0]
        return {**where(spec), "local": [local, port], "peer": peer[:2], "original": None, "id": data.decode()}

    def send_datagram(self, attempt):
        to = attempt["destination"]
        try:
            sock = self.client(attempt, socket.SOCK_DGRAM)
            sock.sendto(str(attempt["sourcePort"]).encode(), (to["ip"], to["port"]))
        except OSError as error:
            return {"result": errno.errorcode[error.errno], "accepted": [], "answered": False}
        accepted = []
        return {"result": "ok", "accepted": accepted, "answered": self.await_answer(sock, accepted)}

    def ping(self, attempt):
        six = ":" in attempt["destination"]["ip"]
        protocol, kind = (socket.IPPROTO_ICMPV6, 128) if six else (socket.IPPROTO_ICMP, 8)
        try:
            sock = self.client(attempt, socket.SOCK_DGRAM, protocol)
            sock.sendto(struct.pack("!BBHHH", kind, 0, 0, 0, 1) + b"ping", (attempt["destination"]["ip"], 0))
        except OSError as error:
            return {"result": errno.errorcode[error.errno], "accepted": [], "answered": False}
        accepted = []
        return {"result": "ok", "accepted": accepted, "answered": self.await_answer(sock, accepted)}

    def await_answer(self, sock, accepted):
        end = time.monotonic() + self.pace["quiet"]
        poll = self.poll()
        poll.register(sock, select.EPOLLIN)
        while (left := end - time.monotonic()) > 0:
            for handle, _ in poll.poll(left):
                if handle != sock.fileno():
                    self.take(handle, accepted)
                elif heard(sock):
                    return True
        return False


def is_connected(sock):
    """Whatever error a later packet met: that of a refused ACK shows up where connect() reports its own."""
    try:
        sock.getpeername()
        return True
    except OSError:
        return False


def heard(sock):
    try:
        sock.recv(2048)
        return True
    except OSError:
        return False


def forget(namespace, device, ip):
    """Deletes an entry of the ARP table; there may be none."""
    enter(namespace)
    address = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(ip))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            fcntl.ioctl(sock, SIOCDARP, struct.pack("16s16si16s16s", address, b"", 0, b"", device.encode()))
        except OSError:
            pass


def forget_connections(namespace):
    """An empty request to delete deletes all entries of the connection table (NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE)."""
    enter(namespace)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as sock:
        sock.bind((0, 0))
        sock.send(struct.pack("=IHHII", 20, (1 << 8) | 2, NLM_F_REQUEST | NLM_F_ACK, 1, 0) + struct.pack("=BBH", socket.AF_UNSPEC, 0, 0))
        sock.recv(1024)


def where(spec):
    return {"namespace": spec["namespace"], "port": spec["port"]}


class Burst(Lab):
    """Many datagrams at once: only who heard which of them counts."""

    def report(self):
        heard_by = {}
        for attempt in self.plan["attempts"]:
            accepted = []
            to = attempt["destination"]
            result = "ok"
            with self.client(attempt, socket.SOCK_DGRAM) as sock:
                try:
                    sock.sendto(str(attempt["sourcePort"]).encode(), (to["ip"], to["port"]))
                except OSError as error:
                    result = errno.errorcode[error.errno]
                self.collect(accepted, 0)
            heard_by[attempt["sourcePort"]] = result
            self.note(accepted, heard_by)
        accepted = []
        end = time.monotonic() + self.pace["settle"]
        while time.monotonic() < end:
            self.collect(accepted, self.pace["settle"] / 4)
        self.note(accepted, heard_by)
        return {"heard": [heard_by[attempt["sourcePort"]] for attempt in self.plan["attempts"]]}

    def note(self, accepted, heard_by):
        for one in accepted:
            heard_by[int(one["id"])] = f"{one['namespace']}:{one['port']}"


def main():
    plan = json.load(sys.stdin)
    lab = Burst(plan) if plan["burst"] else Lab(plan)
    json.dump(lab.report(), sys.stdout)


main()
