"""A TCP proxy that behaves like the network of a basement."""

import contextlib
import socket
import threading

SYNC = b"POST /api/inspections/sync/"


class ChaosProxy:
    """Between browser and server: up | down (hangs up) | refuse (nobody listens) | lose_response | no_sync.

    The last one lets everything through but what the outbox sends.

    `hits` counts the operations that reached the server.
    """

    def __init__(self, upstream):
        self.upstream, self.mode, self.hits = upstream, "up", 0
        self._open, self._lock, self._listener = set(), threading.Lock(), None
        self._listen(0)
        self.port = self._listener.getsockname()[1]

    def set(self, mode):
        """From now on; connections that are open end, except to lose an answer that is on its way."""
        self.mode = mode
        if mode == "refuse":
            self._shut(self._listener)
        elif self._listener.fileno() == -1:
            self._listen(self.port)
        if mode in ("down", "refuse"):
            self._hang_up()

    def close(self):
        self.mode = "refuse"
        self._shut(self._listener)
        self._hang_up()

    def _listen(self, port):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        self._listener = listener
        threading.Thread(target=self._accept, args=[listener], daemon=True).start()

    def _accept(self, listener):
        while True:
            try:
                client, _address = listener.accept()
            except OSError:
                return
            if self.mode == "down":
                self._shut(client)
                continue
            try:
                server = socket.create_connection(self.upstream)
            except OSError:
                self._shut(client)
                continue
            with self._lock:
                self._open |= {client, server}
            threading.Thread(target=self._up, args=[client, server], daemon=True).start()
            threading.Thread(target=self._back, args=[server, client], daemon=True).start()

    def _up(self, client, server):
        tail = b""
        for chunk in self._chunks(client):
            seen = tail + chunk
            if self.mode == "no_sync" and SYNC in seen:
                break
            self.hits += seen.count(SYNC)
            tail = seen[-len(SYNC) + 1 :]
            with contextlib.suppress(OSError):
                server.sendall(chunk)
        self._end(client, server)

    def _back(self, server, client):
        for chunk in self._chunks(server):
            if self.mode == "lose_response":
                break  # the server has done its work; nobody hears of it
            with contextlib.suppress(OSError):
                client.sendall(chunk)
        self._end(client, server)

    @staticmethod
    def _chunks(connection):
        with contextlib.suppress(OSError):
            while chunk := connection.recv(65536):
                yield chunk

    def _hang_up(self):
        with self._lock:
            ended, self._open = self._open, set()
        self._end(*ended)

    def _end(self, *connections):
        for connection in connections:
            self._shut(connection)
        with self._lock:
            self._open -= set(connections)

    @staticmethod
    def _shut(connection):
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()
