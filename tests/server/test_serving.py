from __future__ import annotations

import re
import socket
from contextlib import closing

import pytest

from languages.errors import CoderError
from server.serving import listen, url_of


def test_a_free_port() -> None:
    with closing(listen("127.0.0.1", 0)) as listener:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url_of(listener, "127.0.0.1"))
        assert url_of(listener, "0.0.0.0").startswith("http://127.0.0.1:")
        assert url_of(listener, "::").startswith("http://[::1]:")
        assert url_of(listener, "fe80::1").startswith("http://[fe80::1]:")


def test_a_taken_port_is_named_with_a_free_one() -> None:
    with closing(listen("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        with pytest.raises(CoderError) as refused:
            listen("127.0.0.1", taken)
    assert refused.value.code == "port_taken"
    assert f"port {taken}" in refused.value.message
    suggested = re.search(r"--port (\d+)", refused.value.message)
    assert suggested
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", int(suggested[1])))


def test_an_address_that_is_not_ours() -> None:
    with pytest.raises(CoderError, match=r"--host 127\.0\.0\.1"):
        listen("203.0.113.7", 0)
    with pytest.raises(CoderError, match="--host"):
        listen("no such host", 0)
