"""Every time-out, retry and task queue of the workflows, in one table, each with its reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio.common import RetryPolicy
from temporalio.workflow import ActivityCancellationType

from trading.approvals import MOST_VALID_MINUTES

# The queues, by what their workers may touch.
DESK_QUEUE = "desk"
"""Workflows, books and market data."""
ORDERS_QUEUE = "orders"
"""The only queue whose workers hold a broker's key."""
AGENTS_QUEUE = "agents"
"""The only queue whose workers hold the models' keys."""
BACKTESTS_QUEUE = "backtests"
"""Studies over the past: workers of their own, which hold no key at all."""
QUEUES = (DESK_QUEUE, ORDERS_QUEUE, AGENTS_QUEUE)
"""What a desk needs to trade."""
ALL_QUEUES = (*QUEUES, BACKTESTS_QUEUE)

# A payload over 2 MB would be refused for ever: trying again cannot help, and a model would be paid each time.
_FINAL = ["PayloadsTooLarge"]


def _policy(first: float, most: float, attempts: int) -> RetryPolicy:
    return RetryPolicy(
        initial_interval=timedelta(seconds=first),
        maximum_interval=timedelta(seconds=most),
        maximum_attempts=attempts,
        non_retryable_error_types=_FINAL,
    )


# A dead worker is noticed by its missing heartbeat, not by a time-out of minutes.
HEARTBEAT = timedelta(seconds=2)

LEDGER: dict[str, Any] = {
    # One transaction takes milliseconds; ten seconds is a database in trouble. Five minutes outlast a restart of it.
    "task_queue": DESK_QUEUE,
    "start_to_close_timeout": timedelta(seconds=10),
    "schedule_to_close_timeout": timedelta(minutes=5),
    "heartbeat_timeout": HEARTBEAT,
    "retry_policy": _policy(0.1, 5, 80),
}
MARKET: dict[str, Any] = {
    # A whole watchlist from a slow provider; after two minutes the prices are no longer those that were asked for.
    "task_queue": DESK_QUEUE,
    "start_to_close_timeout": timedelta(seconds=60),
    "schedule_to_close_timeout": timedelta(minutes=2),
    "heartbeat_timeout": HEARTBEAT,
    "retry_policy": _policy(0.5, 10, 20),
}
AGENT: dict[str, Any] = {
    # A long thought takes 80 s, after 30 s of patience with the model whose place it takes; all tries together four
    # minutes, so that one symbol cannot hold the cycle.
    "task_queue": AGENTS_QUEUE,
    "start_to_close_timeout": timedelta(seconds=120),
    "schedule_to_close_timeout": timedelta(minutes=4),
    "heartbeat_timeout": HEARTBEAT,
    "retry_policy": _policy(0.5, 20, 5),
}
MEMORY: dict[str, Any] = {
    # A few statements, a second of a small model for words, a look at the market for what has ended. A desk whose
    # memory is away decides without it: nobody waits for it longer than for the market.
    "task_queue": DESK_QUEUE,
    "start_to_close_timeout": timedelta(seconds=30),
    "schedule_to_close_timeout": timedelta(minutes=1),
    "heartbeat_timeout": HEARTBEAT,
    "retry_policy": _policy(0.5, 5, 5),
}
READ: dict[str, Any] = {
    # A tool of an inquiry: a statement of two seconds, five of Prometheus, twenty workflows of Temporal. A person waits
    # for the answer: what cannot be read for a minute is told as that.
    "task_queue": DESK_QUEUE,
    "start_to_close_timeout": timedelta(seconds=30),
    "schedule_to_close_timeout": timedelta(seconds=60),
    "heartbeat_timeout": HEARTBEAT,
    "retry_policy": _policy(0.2, 5, 10),
}
RULE: dict[str, Any] = {
    # A rule has twenty seconds of its own. One that ends its worker does so again: three tries, then its cycle fails.
    "task_queue": DESK_QUEUE,
    "start_to_close_timeout": timedelta(seconds=30),
    "schedule_to_close_timeout": timedelta(minutes=2),
    "heartbeat_timeout": HEARTBEAT,
    "retry_policy": _policy(0.5, 10, 3),
}
SCREEN: dict[str, Any] = {
    # A screen reads a month of bars of everything that a market lists, thirty requests at Alpaca, once a session.
    **MARKET,
    "start_to_close_timeout": timedelta(minutes=3),
    "schedule_to_close_timeout": timedelta(minutes=6),
}
INQUIRY: dict[str, Any] = {
    # The account, the symbol, a price and a volume. After two minutes the decision's mark is old: the cycle ends, and
    # nothing was sent.
    "task_queue": ORDERS_QUEUE,
    "start_to_close_timeout": timedelta(seconds=60),
    "schedule_to_close_timeout": timedelta(minutes=2),
    "heartbeat_timeout": HEARTBEAT,
    "retry_policy": _policy(0.5, 10, 20),
}
ORDERS: dict[str, Any] = {
    # Look-up, send and look-up again. An order's fate must become known: half an hour of tries, then a person.
    "task_queue": ORDERS_QUEUE,
    "start_to_close_timeout": timedelta(seconds=30),
    "schedule_to_close_timeout": timedelta(minutes=30),
    "heartbeat_timeout": HEARTBEAT,
    "retry_policy": _policy(0.2, 15, 150),
}

SEND: dict[str, Any] = {
    # An order that could not be sent for two minutes was decided on other prices; it is looked for from then on.
    **ORDERS,
    "schedule_to_close_timeout": timedelta(minutes=2),
}
LOOK_UP: dict[str, Any] = {
    # One look-up: a broker that cannot be asked is asked again by the next one, and a person is called after ten. One
    # that counts requests by the minute may want to be left alone for all of it.
    **ORDERS,
    "schedule_to_close_timeout": timedelta(seconds=75),
}

WATCH: dict[str, Any] = {
    # One listener at the broker's line for half a day, then anew; a dead one is missed after two seconds.
    "task_queue": ORDERS_QUEUE,
    "start_to_close_timeout": timedelta(hours=12),
    "heartbeat_timeout": HEARTBEAT,
    "retry_policy": _policy(1, 60, 0),
}
TELL: dict[str, Any] = {
    # One teller for half a day, then anew, like the listener; on the queue that holds the channels' addresses. However
    # often its worker dies, the next begins soon: it may be that very death that somebody should hear of.
    **WATCH,
    "task_queue": DESK_QUEUE,
    "retry_policy": _policy(1, 5, 0),
}
PRICE_WATCH: dict[str, Any] = {
    # One watch a session, then anew. However often its worker was killed that day, a stop on paper does not wait a
    # minute for the next.
    **WATCH,
    "retry_policy": _policy(1, 5, 0),
}
RECONCILE: dict[str, Any] = {
    # Half a dozen questions to the broker, each with its time-out; a desk is not kept from trading longer than this.
    **ORDERS,
    "start_to_close_timeout": timedelta(minutes=2),
    "schedule_to_close_timeout": timedelta(minutes=5),
}

# A workflow task for a worker that was killed waits this long before another may have it, once for each workflow that
# goes on: a cycle, its order and its desk one after the other. A live worker that is slower only replays.
STICKY = timedelta(milliseconds=500)
# A workflow task takes milliseconds; one that died with its worker is given out again after this, by default after ten
# seconds.
TASK = timedelta(seconds=3)

AUDIT: dict[str, Any] = {
    # A cycle that has ended waits two minutes for its audit; that it could not be done is a finding of its own.
    **ORDERS,
    "schedule_to_close_timeout": timedelta(minutes=2),
}

CLOSE: dict[str, Any] = {
    # A month of bars from a slow provider. After the close nobody waits for it: one that is away for an hour is waited
    # for, and what it could not be asked about is made up the next day.
    **MARKET,
    "schedule_to_close_timeout": timedelta(hours=1),
    "retry_policy": _policy(1, 60, 100),
}

STUDY: dict[str, Any] = {
    # A thousand files are read, or the daily returns of ten thousand trials are gone through in sixteen parts. What is
    # wrong with the data or the plan is Final and tried once; a database that is away is waited for, half an hour.
    "task_queue": BACKTESTS_QUEUE,
    "start_to_close_timeout": timedelta(minutes=15),
    "schedule_to_close_timeout": timedelta(hours=6),
    "heartbeat_timeout": timedelta(seconds=10),
    "retry_policy": _policy(0.5, 10, 200),
    "cancellation_type": ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
}
CHUNK: dict[str, Any] = {
    # Each try goes on where the last one was, so its end is no loss: an hour of whole cycles, then anew. It may wait
    # behind a day of others' chunks. Twenty lives of workers, then its combination is what kills them: the others go
    # on without it. Arrays are computed beside the heartbeat in one process, so it has ten seconds. Cancelled, it is
    # waited for: nothing is written any more when the run is summed up.
    **STUDY,
    "start_to_close_timeout": timedelta(hours=1),
    "schedule_to_close_timeout": timedelta(days=3),
    "retry_policy": _policy(0.5, 10, 20),
}
# A study may stand behind others and wait for workers over a weekend; after a week nobody waits for it any more.
STUDY_LIFE = timedelta(days=7)

# Nobody waits for an answer longer: fifty turns of a minute each.
INQUIRY_LIFE = timedelta(hours=1)

# The longest that a person may take over a cycle's entries: settings and strategies allow no more.
APPROVAL_LIFE = timedelta(minutes=MOST_VALID_MINUTES)
# A replay is a cycle without its orders: its four agents at four minutes each, and room for a worker to come.
REPLAY_LIFE = timedelta(minutes=30)
# No cycle is open longer than this (invariant I16). Four agents at four minutes each would not be a decision any more:
# a quarter of an hour, and besides it what a person may take. How long that is in one cycle, only its gate knows.
CYCLE_LIFE = timedelta(minutes=15) + APPROVAL_LIFE

JOIN: dict[str, Any] = {
    # A desk that continued as new in the midst of cycles waits for the next of their ends, for as long as one may live.
    "task_queue": DESK_QUEUE,
    "start_to_close_timeout": CYCLE_LIFE + timedelta(minutes=1),
    "schedule_to_close_timeout": CYCLE_LIFE + timedelta(minutes=5),
    "heartbeat_timeout": HEARTBEAT,
    "retry_policy": _policy(0.5, 10, 200),
}

HEAR: dict[str, Any] = {
    # A scan looks now and then how far its cycles are. It does not stay with them in an activity: two hundred scans
    # that only wait would take every place of a worker, and the cycles that they wait for would have none.
    "task_queue": DESK_QUEUE,
    "start_to_close_timeout": timedelta(seconds=30),
    "schedule_to_close_timeout": timedelta(minutes=10),
    "heartbeat_timeout": HEARTBEAT,
    "retry_policy": _policy(0.5, 10, 100),
}

# A line to the broker that was cut is opened again after this; what was said meanwhile is found by the clock's looks.
WATCH_PAUSE = timedelta(seconds=5)
# Whoever watches prices asks this often whether an exchange that is closed has opened: settings may have changed.
WATCH_IDLE = timedelta(hours=1)
# A difference between the books and the broker counts when it stands in every one of so many looks, so far apart: the
# broker's account is read in several questions, and a fill may come between two of them.
RECONCILING_LOOKS = 3
RECONCILING_PAUSE = timedelta(seconds=2)
RECONCILING_LIFE = timedelta(minutes=20)
# Begun, a scan asks for five minutes and hears of its cycles for hours more, each step with its own end. Until then it
# waits for a worker: one that died of waiting could not say that it was missed.
SCAN_LIFE = timedelta(days=3)
# A scan hears of its cycles for so long: they may wait for their turn behind two others, and then for a person. It
# looks for a second, again after another, and ever more seldom.
HEARING = timedelta(minutes=50) + APPROVAL_LIFE
HEARING_SECONDS = 1
LAST_HEARING = timedelta(seconds=15)
# A scan asks for so many cycles at a time: the server lets ten updates of one workflow wait for their answer.
MOST_ASKS = 8
# Whether a scan was missed is asked this long after it was due: the server's patience with it (ten minutes) is over.
ROLL_CALL_AFTER = timedelta(minutes=15)
# A provider may have a session's bar only some time after its bell: so many looks, so far apart, before the session
# is closed without the prices that are missing.
CLOSING_LOOKS = 6
CLOSING_PAUSE = timedelta(minutes=10)
# Thirty missed sessions, each with a provider that is silent now and then, and an hour of looks for the newest; what is
# left the next day closes.
CLOSING_LIFE = timedelta(hours=6)
# How long a cycle waits for an order before it goes on without it; market orders fill in a second or two.
ORDER_PATIENCE = timedelta(seconds=10)
# How long an order is followed: a whole session, six and a half hours, and the half hour after it.
ORDER_LIFE = timedelta(hours=7)
# An order that has not gone on the wire by then never does: the decision was for other prices.
SEND_WITHIN = timedelta(minutes=5)
# The broker must have said so often, past its late visibility, that it has no such order, before it is sent again.
MISSED_TWICE = 2
# Sent more often than this under one id, an order is no victim of the network.
MOST_SENDS = 3
# Look-ups of an order that nobody has answered for, about three minutes, before the desk halts and a person is called.
MOST_LOOK_UPS = 10
LAST_LOOK_UP = timedelta(seconds=30)
# A limit order is taken back and goes on at a new price so often; then it rests where it is until the bell.
MOST_REPRICES = 3
# Seconds that an exit waits for the end of what protects its position: the broker holds those shares back.
MOST_CLEARINGS = 10
# A cancel that the broker has taken so often without ending the order is not heard.
MOST_CANCELS = 30
# The first look at a resting order comes after a second, later ones ever more seldom, in the end every five minutes:
# what the broker tells as it happens and the quarter-hourly reconciliation find what comes between.
FIRST_LOOK = timedelta(seconds=1)
LAST_LOOK = timedelta(minutes=5)
# A desk whose books cannot be read or written tries again after a minute, for ever: a person is mending them.
DESK_PAUSE = timedelta(minutes=1)
# A desk that has stopped by itself looks at the moment at which time alone may end that, and this often besides: marks,
# cycles and closes bring a look of their own. Not more often than the second, whatever moment the breaker names.
BREAKER_LOOK = timedelta(hours=12)
LEAST_BREAKER_LOOK = timedelta(seconds=1)
# Events that one activity writes: forty of the longest that an agent may cause are 180 KB, and Temporal warns at 256.
MOST_EVENTS = 40
# Cycles that run at a desk at once: of each strategy one, and a desk has at most so many strategies.
MOST_RUNNING = 200
# Activities that one worker runs at once on a queue that leads to the books. Most wait for one of its ten connections
# and for the lock of a desk; more of them would wait longer than a connection is waited for, and begin again.
MOST_ACTIVITIES = 32
# Chunks that one worker runs at once: while one waits for the database the other computes.
MOST_CHUNKS_AT_ONCE = 2
MOST_AT_ONCE: dict[str, int | None] = {
    DESK_QUEUE: MOST_ACTIVITIES,
    ORDERS_QUEUE: MOST_ACTIVITIES,
    # Questions to models wait for a vendor, not for the books.
    AGENTS_QUEUE: None,
    BACKTESTS_QUEUE: MOST_CHUNKS_AT_ONCE,
}
# Cycles that may have to wait at a desk; more than this is a runaway, not a plan.
MOST_WAITING = 100
# Moves that are held for a cool-down, each of one strategy: one that concerns every strategy, and half as many beside.
MOST_HELD = 300
# Looks that moves have asked for, as a desk remembers them: as many as one strategy may have in a day. They are what a
# desk carries over most of, some 300 KB, of two megabytes that a payload may have.
MOST_LOOKS = 1000
# A desk continues as new at this many events of its history. In a storm of signals the server refuses that step while
# others arrive, each time at the price of a replay: a short history is replayed between two of them.
MOST_HISTORY = 200
# Cycles that a desk remembers: for its query, and to know a scan of every strategy that is asked for twice.
MOST_REMEMBERED = 250
