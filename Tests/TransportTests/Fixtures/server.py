"""A web server with the faults a client must survive, on loopback, from the standard library alone.

Prints one JSON line with its ports and ends when its standard input closes, so it never outlives the test.
"""
import gzip
import http.server
import json
import os
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time
from urllib.parse import parse_qs, urlsplit

lock = threading.Lock()
counts = {"connections": 0, "open": 0, "hanging": 0, "abandoned": 0, "redirected": 0}


def count(name, step=1):
    with lock:
        counts[name] += step


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        count("connections")
        count("open")

    def finish(self):
        count("open", -1)
        try:
            super().finish()
        except OSError:
            pass

    def log_message(self, *_):
        pass

    def reply(self, body, status=200, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer(self):
        parts = urlsplit(self.path)
        number = int(parse_qs(parts.query).get("n", ["0"])[0])
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length)
        action = getattr(self, "do_" + parts.path.strip("/").replace("-", "_"), None)
        if action is None:
            return self.reply(b"nothing here", 404)
        try:
            action(number, sent)
        except OSError:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer

    def do_plain(self, _, __):
        self.reply(b"hello", headers=[("X-Twice", "one"), ("x-twice", "two")])

    def do_echo(self, _, sent):
        self.reply(sent, headers=[("X-Method", self.command)])

    def do_fields(self, _, __):
        self.reply("".join(f"{name}: {value}\n" for name, value in self.headers.items()).encode())

    def do_bytes(self, n, _):
        self.reply(b"b" * n)

    def do_gzip(self, n, _):
        self.reply(gzip.compress(b"z" * n), headers=[("Content-Encoding", "gzip")])

    def do_bad_gzip(self, _, __):
        self.reply(b"this was never compressed", headers=[("Content-Encoding", "gzip")])

    def do_form(self, _, sent):
        fields = {name: values[0] for name, values in parse_qs(sent.decode(), strict_parsing=True).items()}
        self.reply(json.dumps({"type": self.headers["Content-Type"], "fields": fields}, sort_keys=True).encode())

    def do_odd_encoding(self, _, __):
        self.reply(b"unknown", headers=[("Content-Encoding", "br")])

    def do_error(self, n, _):
        self.reply(b"e" * n, 503)

    def do_gzip_error(self, n, _):
        self.reply(gzip.compress(b"e" * n), 400, headers=[("Content-Encoding", "gzip")])

    def do_chunks_cut(self, n, _):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"%x\r\n%s\r\n" % (n, b"k" * n))
        self.close_connection = True

    def do_stall(self, n, sent):
        self.send_response(200)
        self.send_header("Content-Length", str(n + 1000))
        self.end_headers()
        self.wfile.write(b"s" * n)
        self.do_hang(n, sent)

    def do_redirect(self, _, __):
        self.reply(b"", 302, [("Location", "/redirected")])

    def do_redirected(self, _, __):
        count("redirected")
        self.reply(b"followed")

    def do_long_line(self, n, _):
        self.reply(b"", headers=[("X-Long", "h" * n)])

    def do_many_lines(self, n, _):
        self.reply(b"", headers=[("X-Field", "h" * 100)] * (n // 100))

    def do_early(self, _, __):
        self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n")
        self.reply(b"late", headers=[("X-Final", "yes")])

    def do_garbage(self, _, __):
        self.wfile.write(b"SMTP 220 hello\r\n\r\n")
        self.close_connection = True

    def do_drip(self, _, __):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while True:
            self.wfile.write(b"1\r\nd\r\n")
            time.sleep(0.02)

    def do_reset(self, n, _):
        self.send_response(200)
        self.send_header("Content-Length", str(n + 1000))
        self.end_headers()
        self.wfile.write(b"r" * n)
        # The client must have the bytes before the reset, which throws away what is on its way.
        outgoing = struct.pack("i", 0)
        import fcntl
        while n and struct.unpack("i", fcntl.ioctl(self.connection, 0x5411, outgoing))[0]:
            time.sleep(0.001)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_RD)
        self.connection.close()
        self.close_connection = True

    def do_cut(self, n, _):
        self.send_response(200)
        self.send_header("Content-Length", str(n + 1000))
        self.end_headers()
        self.wfile.write(b"c" * n)
        self.close_connection = True

    def do_slow(self, n, _):
        time.sleep(n / 1000)
        self.reply(b"slow")

    def do_hang(self, _, __):
        count("hanging")
        try:
            self.connection.recv(1)
        except OSError:
            pass
        count("hanging", -1)
        count("abandoned")
        self.close_connection = True

    def do_counts(self, _, __):
        with lock:
            body = json.dumps(counts).encode()
        self.reply(body)


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    request_queue_size = 256
    context = None

    def get_request(self):
        connection, peer = super().get_request()
        if self.context:
            connection = self.context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, peer

    def handle_error(self, *_):
        pass


class HTTP2(socketserver.BaseRequestHandler):
    """The least of RFC 9113 that a client can fetch from: each stream is answered with how many came before it."""

    def take(self, n):
        taken = b""
        while len(taken) < n:
            piece = self.request.recv(n - len(taken))
            if not piece:
                raise EOFError
            taken += piece
        return taken

    def send(self, kind, flags, stream, payload=b""):
        self.request.sendall(struct.pack("!I", len(payload))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + payload)

    def handle(self):
        streams = 0
        try:
            self.take(24)
            self.send(4, 0, 0)
            while True:
                head = self.take(9)
                length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
                stream = int.from_bytes(head[5:], "big")
                self.take(length)
                if kind == 4 and not flags & 1:
                    self.send(4, 1, 0)
                if kind == 1:
                    self.send(1, 4, stream, b"\x88")  # HPACK static entry 8: `:status: 200`
                    self.send(0, 1, stream, f"stream {streams}".encode())
                    streams += 1
        except (EOFError, OSError):
            pass


def serve(handler, context=None):
    server = Server(("127.0.0.1", 0), handler)
    server.context = context
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def tls(protocols):
    here = os.path.dirname(os.path.abspath(__file__))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(here, "localhost-certificate.pem"), os.path.join(here, "localhost-key.pem"))
    context.set_alpn_protocols(protocols)
    return context


unused = socket.socket()
unused.bind(("127.0.0.1", 0))  # bound and never listening: connections are refused
silent = socket.socket()
silent.bind(("127.0.0.1", 0))
silent.listen(16)  # the system accepts, and nobody ever answers
ports = {
    "plain": serve(Handler),
    "tls": serve(Handler, tls(["http/1.1"])),
    "http2": serve(HTTP2, tls(["h2"])),
    "silent": silent.getsockname()[1],
    "closed": unused.getsockname()[1],
}
print(json.dumps(ports), flush=True)
sys.stdin.read()
