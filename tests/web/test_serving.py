"""How the port is held: what comes to it is answered without a wait of the network's own."""

from __future__ import annotations

import socket

import pytest

from web.serving import bound


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_an_answer_in_two_parts_waits_for_no_word_between_them(host: str) -> None:
    with bound(host, 0) as listener:
        listener.listen()
        family, address = listener.family, listener.getsockname()
        with socket.socket(family) as caller:
            caller.connect(address)
            accepted, _ = listener.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
