"""The fault injector itself: each fault happens exactly where it was planned."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.faulty import KILLED, Fault, Faulty, faulty
from trading.errors import BrokerUnavailable

DIES = """
import asyncio
from tests.fakes.faulty import Fault, faulty
from tests.fakes.test_faulty import Till

till = faulty(Till(), Fault("take", 2, "{when}", "die"))

async def main():
    print(await till.take(3), flush=True)
    print(await till.take(4), flush=True)

asyncio.run(main())
"""


class Till:
    name = "till"

    def __init__(self) -> None:
        self.total = 0
        self.taken = asyncio.Event()

    async def take(self, amount: int) -> int:
        self.total += amount
        self.taken.set()
        sys.stdout.write(f"took {amount}\n")
        sys.stdout.flush()
        return self.total


async def test_calls_pass_through_where_nothing_is_planned() -> None:
    till = Faulty(Till(), [Fault("take", 5, "before", "error")])
    assert (await till.take(3), await till.take(amount=4), till.name) == (3, 7, "till")
    assert till.calls == {"take": 2}


async def test_an_error_before_hides_the_call_from_the_port() -> None:
    port = Till()
    till = faulty(port, Fault("take", 2, "before", "error", raises=BrokerUnavailable))
    await till.take(3)
    with pytest.raises(BrokerUnavailable, match="call 2 of take"):
        await till.take(4)
    assert (port.total, await till.take(5)) == (3, 8)


async def test_an_error_after_hides_the_answer_of_a_call_that_happened() -> None:
    port = Till()
    till = faulty(port, Fault("take", 1, "after", "error", raises=BrokerUnavailable))
    with pytest.raises(BrokerUnavailable):
        await till.take(3)
    assert port.total == 3


async def test_a_delay_lets_another_call_pass() -> None:
    port = Till()
    till = faulty(port, Fault("take", 1, "before", "delay", seconds=0.05))
    slow, quick = await asyncio.gather(till.take(3), till.take(4))
    assert (slow, quick) == (7, 4)


async def test_a_delay_on_both_sides_happens_twice() -> None:
    port = Till()
    till = faulty(port, Fault("take", 1, "both", "delay", seconds=0.05))
    first = asyncio.ensure_future(till.take(3))
    await port.taken.wait()
    assert not first.done()
    assert await first == 3


@pytest.mark.parametrize(("when", "said"), [("before", "took 3\n3\n"), ("after", "took 3\n3\ntook 4\n")])
def test_death_ends_the_process_before_or_after_the_effect(when: str, said: str) -> None:
    here = Path(__file__).parents[2]
    died = subprocess.run([sys.executable, "-c", DIES.format(when=when)], cwd=here, capture_output=True, check=False)
    assert (died.returncode, died.stdout.decode()) == (KILLED, said), died.stderr.decode()


def test_a_fault_of_a_method_that_is_not_there_is_refused() -> None:
    with pytest.raises(AttributeError, match="no taek"):
        Faulty(Till(), [Fault("taek", 1, "before", "error")])
