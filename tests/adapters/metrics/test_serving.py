"""Where a process tells its numbers: at its own address, at a port that is free, or not at all."""

from __future__ import annotations

import asyncio
import socket
import urllib.error
import urllib.request

import pytest

from adapters.metrics.serving import Place, telling
from trading.errors import BadConfiguration


async def got(address: str) -> str:
    def get() -> str:
        with urllib.request.urlopen(address) as answer:  # noqa: S310  our own address
            return str(answer.read().decode())

    return await asyncio.to_thread(get)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_both_are_told_at_ports_side_by_side_and_gone_afterwards(host: str) -> None:
    async with telling(Place(host=host)) as told:
        assert told.address == f"http://{host}:{told.port}/metrics"
        assert told.temporal_port == told.port + 1
        assert "trading_llm_journal_lookups_total" in await got(told.address)
        await got(told.temporal_address)
    with pytest.raises(urllib.error.URLError):
        await got(told.address)


@pytest.mark.parametrize("taken", ["METRICS_PORT", "METRICS_TEMPORAL_PORT"])
async def test_a_port_that_is_taken_is_named_in_one_line_and_nothing_stays_open(taken: str) -> None:
    with socket.socket() as other, socket.socket() as free:
        other.bind(("127.0.0.1", 0))
        other.listen()
        free.bind(("127.0.0.1", 0))
        ports = other.getsockname()[1], free.getsockname()[1]
        free.close()
        port, temporal_port = ports if taken == "METRICS_PORT" else ports[::-1]
        with pytest.raises(BadConfiguration, match=f"^{taken}: 127.0.0.1:{ports[0]} ") as refused:
            async with telling(Place(port=port, temporal_port=temporal_port)):
                raise AssertionError
    assert "\n" not in str(refused.value)
    with socket.socket() as again:
        again.bind(("127.0.0.1", ports[1]))


async def test_an_address_that_is_none_of_this_machine_is_refused() -> None:
    with pytest.raises(BadConfiguration, match=r"METRICS_HOST: 192\.0\.2\.1"):
        async with telling(Place(host="192.0.2.1")):
            raise AssertionError
