#!/usr/bin/env python3
"""An upstream that misbehaves as the labels of the name ask it to, over UDP and TCP.

usage: misbehave.py PORT HTTP-PORT

Labels that are no behaviour only tell names apart; behaviours can be joined: `slow-300.ttl-5.x.test`.
The truth is 192.0.2.1 (A), 2001:db8::1 (AAAA), `truth` (TXT), NODATA for other types; a forged
record has 203.0.113.66 and must never reach a client or a cache.

  over UDP, before the truth      wrong-id wrong-question wrong-case-forged other-port short not-reply
                                  no-question malformed: a wrong datagram; `spoof`: several of them
  over UDP, instead of the truth  only-WRONG, WRONG one of the above; silent; fold: the question's
                                  letters in lower case
  RCODEs                          servfail refused notimp nxdomain nodata nxdomain-nosoa nodata-nosoa
  EDNS                            formerr-edns: FORMERR to any OPT; cookies: RFC 7873;
                                  badcookie: nothing but BADCOOKIE without the server's cookie
  time                            slow-MS late (3 s) duplicate
  records                         ttl-N count: 192.0.2.N, N how often the name was asked; extra: records
                                  that do not belong; big-N: N addresses; cname-N: a chain; cname-loop;
                                  dname: an alias from that label on
  truncation, TCP                 tc: over UDP; tc-lie: over TCP, too; drip: an octet each 100 ms;
                                  close: in mid-message; refuse-tcp: closed unread

HTTP: /queries is a JSON list of all that came, /forget empties it, /silent and /talk make all of it
a dead upstream and a live one.
"""

import asyncio
import hashlib
import json
import re
import socket
import struct
import sys

LOOPBACK = "127.0.0.1"
TRUTH, FORGED = "192.0.2.1", "203.0.113.66"
A, CNAME, SOA, NS, TXT, AAAA, DNAME, OPT = 1, 5, 6, 2, 16, 28, 39, 41
FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, BADCOOKIE = 1, 2, 3, 4, 5, 23
COOKIE = 10

WRONG = ("wrong-id", "wrong-question", "wrong-case-forged", "other-port", "short", "not-reply",
         "no-question", "malformed")
WORDS = {"spoof", "silent", "fold", "servfail", "refused", "notimp", "nxdomain", "nodata",
         "nxdomain-nosoa", "nodata-nosoa", "formerr-edns", "cookies", "badcookie", "late",
         "duplicate", "count", "extra", "cname-loop", "dname", "tc", "tc-lie", "drip", "close",
         "refuse-tcp", *WRONG, *("only-" + word for word in WRONG)}
NUMBERED = re.compile(r"(slow|ttl|big|cname)-(\d+)$")

queries, asked = [], {}
state = {"silent": False}


# MARK: - Questions


class Question:
    """A query, read; what cannot be read raises."""

    def __init__(self, data, transport, source):
        self.id, self.flags, questions, _, _, additional = struct.unpack(">6H", data[:12])
        self.labels, at = [], 12
        while data[at]:
            self.labels.append(data[at + 1:at + 1 + data[at]])
            at += 1 + data[at]
        self.type, self.cls = struct.unpack(">2H", data[at + 1:at + 5])
        self.name_octets, self.octets, at = data[12:at + 1], data[12:at + 5], at + 5
        self.transport, self.source = transport, source
        self.spelled = ".".join(label.decode("latin-1") for label in self.labels) + "."
        self.name = self.spelled.lower()
        self.has_opt, self.size, self.wants_signatures, self.options = False, None, False, {}
        if additional and data[at] == 0 and data[at + 1:at + 3] == b"\0\x29":
            self.has_opt = True
            self.size, _, flags, length = struct.unpack(">HHHH", data[at + 3:at + 11])
            self.wants_signatures = bool(flags & 0x8000)
            at += 11
            end = at + length
            while at < end:
                code, size = struct.unpack(">2H", data[at:at + 4])
                self.options[code] = data[at + 4:at + 4 + size]
                at += 4 + size
        self.words, self.numbers = set(), {}
        for label in self.name.split("."):
            if label in WORDS:
                self.words.add(label)
            elif found := NUMBERED.match(label):
                self.numbers[found[1]] = int(found[2])

    def note(self):
        asked[self.name] = asked.get(self.name, 0) + 1
        queries.append({
            "name": self.name, "spelled": self.spelled, "type": self.type, "class": self.cls,
            "transport": self.transport, "port": self.source, "id": self.id,
            "opcode": self.flags >> 11 & 15, "rd": bool(self.flags & 0x100),
            "cd": bool(self.flags & 0x10), "ad": bool(self.flags & 0x20), "edns": self.size,
            "do": self.wants_signatures, "options": sorted(self.options),
            "cookie": self.options.get(COOKIE, b"").hex()})

    @property
    def below(self):
        """The labels behind the last behaviour, where records beside the question's name are."""
        labels = self.name.rstrip(".").split(".")
        last = max((index for index, label in enumerate(labels)
                    if label in WORDS or NUMBERED.match(label)), default=-1)
        return ".".join(labels[last + 1:])


# MARK: - Replies


def wire(name):
    return b"".join(bytes([len(label)]) + label.encode("latin-1")
                    for label in name.rstrip(".").split(".") if label) + b"\0"


def record(owner, kind, ttl, data):
    """An owner of None is the question's name."""
    return ((b"\xc0\x0c" if owner is None else wire(owner))
            + struct.pack(">HHIH", kind, 1, ttl, len(data)) + data)


def soa(question, ttl):
    return record(question.below, SOA, ttl, wire("ns.test") + wire("host.test")
                  + struct.pack(">5I", 1, 3600, 600, 86400, ttl))


def message(question, rcode=0, answer=(), authority=(), additional=(), truncated=False,
            identity=None, octets=None, response=True, cookie=None):
    opt = []
    if question.has_opt:
        options = struct.pack(">2H", COOKIE, len(cookie)) + cookie if cookie else b""
        opt = [b"\0" + struct.pack(">HHBBHH", OPT, 1232, rcode >> 4, 0,
                                   0x8000 if question.wants_signatures else 0, len(options))
               + options]
    flags = (0x8000 if response else 0) | (question.flags & 0x7910) | 0x80 | (rcode & 15)
    flags |= 0x200 if truncated else 0
    octets = question.octets if octets is None else octets
    return struct.pack(
        ">6H", question.id if identity is None else identity, flags, 1 if octets else 0,
        len(answer), len(authority), len(additional) + len(opt)
    ) + octets + b"".join([*answer, *authority, *additional, *opt])


def truth(question):
    """The right reply but for its size."""
    words, ttl = question.words, question.numbers.get("ttl", 300)
    for word, rcode in (("servfail", SERVFAIL), ("refused", REFUSED), ("notimp", NOTIMP)):
        if word in words:
            return message(question, rcode)
    if "formerr-edns" in words and question.has_opt:
        # As servers older than EDNS do: only the header, without an OPT.
        return struct.pack(">6H", question.id, 0x8080 | FORMERR, 0, 0, 0, 0)
    cookie = server_cookie(question)
    if "badcookie" in words and question.options.get(COOKIE, b"") != cookie:
        return message(question, BADCOOKIE, cookie=cookie)
    if not words & {"cookies", "badcookie"}:
        cookie = None
    if words & {"nxdomain", "nxdomain-nosoa"}:
        return message(question, NXDOMAIN, cookie=cookie,
                       authority=[] if "nxdomain-nosoa" in words else [soa(question, ttl)])
    chain, end = aliases(question, ttl)
    data = addresses(question)
    if not data or words & {"nodata", "nodata-nosoa"} or "cname-loop" in words:
        no_soa = words & {"nodata-nosoa", "cname-loop"}
        return message(question, answer=chain, cookie=cookie,
                       authority=[] if no_soa else [soa(question, ttl)])
    answer = chain + [record(end, question.type, ttl, each) for each in data]
    authority, additional = [], []
    if "extra" in words:
        forged = socket.inet_aton(FORGED)
        answer += [record("victim." + question.below, A, ttl, forged),
                   record("elsewhere." + question.below, DNAME, ttl, wire("forged.test"))]
        authority = [record(question.below, NS, ttl, wire("ns.forged.test"))]
        additional = [record("ns.forged.test", A, ttl, forged),
                      record("glue." + question.below, A, ttl, forged)]
    return message(question, 0, answer, authority, additional, cookie=cookie)


def addresses(question):
    if question.type == A:
        count = question.numbers.get("big", 1)
        first = asked[question.name] if "count" in question.words else 1
        return [bytes([192, 0, 2 + (each >> 8), each & 255]) for each in range(first, first + count)]
    if question.type == AAAA:
        return [socket.inet_pton(socket.AF_INET6, "2001:db8::1")]
    return [b"\x05truth"] if question.type == TXT else []


def aliases(question, ttl):
    """The chain before the data, and the owner of the data."""
    below = question.below
    if "cname-loop" in question.words:
        return [record(None, CNAME, ttl, wire("cname-loop.back." + below)),
                record("cname-loop.back." + below, CNAME, ttl, question.name_octets)], None
    if "dname" in question.words:
        labels = question.name.rstrip(".").split(".")
        place = labels.index("dname")
        owner, target = ".".join(labels[place:]), "target." + below
        renamed = ".".join([*labels[:place], target])
        return [record(owner, DNAME, ttl, wire(target)),
                record(None, CNAME, ttl, wire(renamed))], renamed
    chain, owner = [], None
    for step in range(1, question.numbers.get("cname", 0) + 1):
        following = f"chain-{step}.{below}"
        chain.append(record(owner, CNAME, ttl, wire(following)))
        owner = following
    return chain, owner


def server_cookie(question):
    client = question.options.get(COOKIE, b"")[:8]
    return client + hashlib.sha256(b"misbehave" + client).digest()[:8] if len(client) == 8 else None


def forged(question, how):
    """A datagram that a client must ignore."""
    lie = [record(None, A, 300, socket.inet_aton(FORGED))]
    other = wire("other." + question.name) + question.octets[-4:]
    swapped = bytes(question.octets[:-4]).swapcase() + question.octets[-4:]
    return {
        "wrong-id": lambda: message(question, answer=lie, identity=question.id ^ 1),
        "wrong-question": lambda: message(question, answer=lie, octets=other),
        "wrong-case-forged": lambda: message(question, answer=lie, octets=swapped),
        "other-port": lambda: message(question, answer=lie),
        "short": lambda: b"\x00\x01\x02",
        "not-reply": lambda: message(question, answer=lie, response=False),
        "no-question": lambda: message(question, answer=[
            record(question.name, A, 300, socket.inet_aton(FORGED))], octets=b""),
        # A pointer to itself, then the end in mid-record.
        "malformed": lambda: message(question, answer=[
            b"\xc0" + bytes([12 + len(question.octets)]) + b"\0\1\0\1\0\0"]),
    }[how]()


# MARK: - UDP


class Datagrams(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport
        self.tasks = set()

    def datagram_received(self, data, address):
        try:
            question = Question(data, "udp", address[1])
        except (IndexError, struct.error):
            return
        question.note()
        task = asyncio.ensure_future(self.reply(question, address))
        # The loop itself does not keep tasks alive.
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def reply(self, question, address):
        words = question.words
        if state["silent"] or "silent" in words:
            return
        only = [word[5:] for word in words if word.startswith("only-")]
        for how in only or (WRONG if "spoof" in words else [w for w in WRONG if w in words]):
            self.send(forged(question, how), address, how)
        await asyncio.sleep(delay(question))
        if only:
            return
        octets = truth(question)
        if "fold" in words:
            octets = octets[:12] + bytes(octets[12:12 + len(question.octets) - 4]).lower() \
                + octets[8 + len(question.octets):]
        limit = max(512, question.size or 0)
        if words & {"tc", "tc-lie", "drip", "close", "refuse-tcp"} or len(octets) > limit:
            octets = message(question, truncated=True)
        for _ in range(2 if "duplicate" in words else 1):
            self.send(octets, address)

    def send(self, octets, address, how=""):
        if how == "other-port":
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.sendto(octets, address)
        else:
            self.transport.sendto(octets, address)


def delay(question):
    milliseconds = 3000 if "late" in question.words else question.numbers.get("slow", 0)
    # What was sent before the truth must be read before it.
    return max(milliseconds / 1000, 0.05 if question.words & {"spoof", *WRONG} else 0)


# MARK: - TCP


async def connected(reader, writer):
    try:
        while True:
            length = struct.unpack(">H", await reader.readexactly(2))[0]
            question = Question(
                await reader.readexactly(length), "tcp", writer.get_extra_info("peername")[1])
            question.note()
            if state["silent"] or "silent" in question.words:
                continue
            if "refuse-tcp" in question.words:
                break
            await asyncio.sleep(delay(question))
            octets = truth(question)
            if "tc-lie" in question.words:
                octets = message(question, truncated=True)
            octets = struct.pack(">H", len(octets)) + octets
            if "close" in question.words:
                writer.write(octets[:len(octets) // 2])
                await writer.drain()
                break
            if "drip" in question.words:
                for each in octets:
                    writer.write(bytes([each]))
                    await writer.drain()
                    await asyncio.sleep(0.1)
            else:
                writer.write(octets)
                await writer.drain()
    except (asyncio.IncompleteReadError, OSError, IndexError, struct.error):
        pass
    finally:
        writer.close()


# MARK: - HTTP


async def inspected(reader, writer):
    path = (await reader.readline()).split()[1:2]
    while (await reader.readline()).strip():
        pass
    text = "ok"
    if path == [b"/queries"]:
        text = json.dumps(queries)
    elif path == [b"/forget"]:
        queries.clear()
        asked.clear()
    elif path in ([b"/silent"], [b"/talk"]):
        state["silent"] = path == [b"/silent"]
    writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + text.encode())
    await writer.drain()
    writer.close()


async def main(port, http_port):
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(Datagrams, local_addr=(LOOPBACK, port))
    await asyncio.start_server(connected, LOOPBACK, port)
    await asyncio.start_server(inspected, LOOPBACK, http_port)
    print("listening", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.split("\n\n")[1])
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
