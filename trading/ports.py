"""What the desk needs of the world, as Protocols. Adapters keep them; activities know nothing else."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Protocol

from trading.accounts import Account, Asset
from trading.adjustments import Adjustment as PositionAdjustment
from trading.agents.budget import Choice
from trading.agents.questions import ModelCall, Question, Reply
from trading.audit import Books
from trading.bars import Bars
from trading.breaker import CircuitBreaker, StateChange, StrategyBreaker
from trading.breaker_rules import BreakerLook, Refused, Resumption
from trading.companies import Company
from trading.corporate_actions import CorporateAction
from trading.costs import Costs
from trading.events import Event
from trading.fates import Fate
from trading.footing import Footing
from trading.fundamentals import ReportDays
from trading.instruments import Instrument
from trading.limits import Limits
from trading.market import Adjustment, Dropped, Quote, Snapshot
from trading.memory import Setup
from trading.orders import Fill, Order, OrderRequest, OrderState
from trading.portfolio import Portfolio
from trading.readings import Reading
from trading.sessions import Session
from trading.settlement import BrokerOrder, Clearance, Denied, IntentAsked, Sending
from trading.shadow import ShadowTrade
from trading.shadow_scoring import ShadowLook
from trading.spending import Attempt, Settlement, SpendAsked
from trading.statement import Statement
from trading.strategy import ChangeRefused, Strategy, StrategyChange


class Calendar(Protocol):
    """An exchange's trading days."""

    def session(self, day: date) -> Session | None:
        """The session of a date, None on a holiday or weekend."""
        ...

    def last_session(self, at: datetime) -> Session:
        """The newest session that has opened at this moment."""
        ...


class Earnings(Protocol):
    """The days on which companies report."""

    def reports_on(self, symbol: str, day: date) -> date | None:
        """The day of earnings that is nearest to a day, of two equally near the one to come; None when unknown."""
        ...


class EarningsCalendar(Protocol):
    """All days of reports that somebody wrote down."""

    def days(self, symbol: str) -> ReportDays | None:
        """Those of one company, with who told them and when; None when none is known."""
        ...


class Market(Protocol):
    """A provider of prices. Whatever is asked is asked `as_of` a moment; nothing after it is ever visible."""

    name: str
    adjustment: Adjustment
    synthetic: bool
    """Prices that no exchange ever made."""
    historical: bool
    """Knows only the past: its newest price is its present."""

    async def latest(self, now: datetime) -> datetime:
        """The newest moment this market can speak of: now, or the last close of a file. Never after `now`."""
        ...

    async def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Company facts. Raises UnknownSymbol with every symbol that the market does not have."""
        ...

    async def bars(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> Mapping[str, Bars | Dropped]:
        """The newest daily bars that were complete at `as_of`; a symbol without any is left out or says why."""
        ...

    async def quotes(self, symbols: Sequence[str], as_of: datetime) -> Mapping[str, Quote | Dropped]:
        """The best known prices at `as_of`; what cannot be traded on says why."""
        ...

    async def actions(
        self, symbols: Sequence[str], since: datetime, until: datetime
    ) -> Mapping[str, Sequence[CorporateAction]]:
        """Corporate actions with an ex-date from one day to another, both included, by symbol, oldest first.

        A symbol without any is left out. A market whose past prices are adjusted already knows none.
        """
        ...

    async def look(self, symbols: Sequence[str], as_of: datetime, sessions: int) -> Reading:
        """Facts, bars and quotes of one and the same provider, for a snapshot. Raises as each of them does."""
        ...


class Companies(Protocol):
    """Facts of companies that some provider told once, kept for all workers."""

    async def find(self, symbols: Sequence[str]) -> Mapping[str, Company]:
        """What is known of these symbols, however old; nothing of those that nobody asked about."""
        ...

    async def keep(self, companies: Sequence[Company]) -> None:
        """Replace what was known. A symbol's older facts never replace newer ones."""
        ...


class RequestRate(Protocol):
    """The number of requests that one provider allows, over all workers together."""

    async def take(self) -> None:
        """Wait until one more request may be sent. Raises MarketUnavailable when that would take too long."""
        ...


class LanguageModel(Protocol):
    """Something that answers questions."""

    async def answer(self, question: Question) -> Reply:
        """Answer once. Raises ModelUnavailable (try later) or ModelRefused (never)."""
        ...


class Journal(Protocol):
    """Every reply that ever arrived, so that no question is paid for twice."""

    async def find(self, call_id: str) -> ModelCall | None:
        """The reply that this question already had."""
        ...

    async def keep(self, call: ModelCall, settled: Settlement | None = None) -> None:
        """Store a reply the moment it is here, with what it took. Keeping it twice keeps the first."""
        ...

    async def reserve(self, asked: SpendAsked) -> Choice:
        """Choose among calls by what is spent, and reserve the most that the chosen one may take. Once an attempt."""
        ...

    async def drop(self, attempt: Attempt, *, charged: bool) -> None:
        """An attempt ended without an answer; it goes on to count where it may have been charged."""
        ...


class Snapshots(Protocol):
    """Stored snapshots, by the hash of what was seen."""

    async def keep(self, desk_id: str, snapshot: Snapshot) -> None:
        """Store a snapshot. Keeping it twice keeps it once."""
        ...

    async def load(self, snapshot_id: str) -> Snapshot:
        """Read one back. Raises BooksDisagree when it is not there."""
        ...


class Ledger(Protocol):
    """The books of all desks. Every method is one transaction, and harmless to repeat."""

    async def open_desk(self, opened: Event, *, cash: Event) -> None:
        """Make a desk's rows and its opening deposit, unless they are there."""
        ...

    async def knows(self, desk_id: str) -> bool:
        """Whether the desk has books."""
        ...

    async def record(self, events: Sequence[Event]) -> None:
        """Append events in one insert.

        An event that is there already is left; with other content it raises BooksDisagree.
        """
        ...

    async def end_cycle(self, ended: Event) -> None:
        """Say for a cycle that it has ended, unless it has said so itself."""
        ...

    async def looked_at(self, desk_id: str, strategy_id: str) -> datetime | None:
        """The moment of the market that a strategy's newest cycle has looked at; None when none ever did."""
        ...

    async def portfolio(self, desk_id: str) -> Portfolio:
        """Cash, positions with their marks, open orders and the trading state, at one instant."""
        ...

    async def mark(self, desk_id: str, quotes: Mapping[str, Quote], marked_at: datetime) -> Portfolio:
        """Value held positions at these quotes, keep the equity mark and the peak, and answer with the books."""
        ...

    async def strategies(self, desk_id: str) -> tuple[Strategy, ...]:
        """A desk's strategies, by name."""
        ...

    async def strategy(self, desk_id: str, strategy_id: str) -> Strategy | None:
        """One of them; None when the desk has none of that name."""
        ...

    async def footing(self, desk_id: str, strategy_id: str) -> Footing:
        """How a strategy stands: what it is, what its breaker asks for, and its part of the books."""
        ...

    async def change_strategy(self, change: StrategyChange, limits: Limits) -> Strategy | ChangeRefused:
        """Add, change or remove a strategy with its event, or say why not; what it is now. A repeat finds it done."""
        ...

    async def fund(self, desk_id: str, strategy_id: str, at: datetime) -> Portfolio | None:
        """Bring a strategy's part to its allocation, once for each change of that; its part of the books.

        None when its part is the whole desk.
        """
        ...

    async def intend(self, asked: IntentAsked) -> Order | Denied:
        """Lock the books, check state and limits with open orders counted, write OrderIntended or OrderDenied."""
        ...

    async def order(self, client_order_id: str) -> Order | None:
        """One order as the books know it."""
        ...

    async def clear(self, sending: Sending, at: datetime) -> Clearance:
        """Before the wire: check the trading state once more and write that the order is on its way now.

        An order that may not be sent any more (halted, too late) ends here; one that was sent stays as it is, unless
        it is to be sent again.
        """
        ...

    async def advance(self, client_order_id: str, state: OrderState, broker: BrokerOrder | None, event: Event) -> Order:
        """Move an order along its life and write the event that says so."""
        ...

    async def adopt(self, order: Order, event: Event) -> None:
        """Enter a protective order that the broker holds for a filled entry."""
        ...

    async def apply_fill(self, fill: Fill, executed: Event) -> Order:
        """Book a fill once: order, position, cash, trade and `TradeExecuted`, together or not at all."""
        ...

    async def adjust(self, adjustment: PositionAdjustment, event: Event) -> None:
        """Book a split or an adoption once: position, trades and `PositionAdjusted`, together or not at all.

        It counts from its own moment on, whenever it is booked.
        """
        ...

    async def change_capital(self, changed: Event) -> None:
        """Book once the capital event that a `CapitalChanged` tells of: cash, equity and its peak, and the event."""
        ...

    async def change_state(self, change: StateChange) -> CircuitBreaker:
        """Make the trading state stricter, so that every later intent sees it. A repeat finds it done."""
        ...

    async def restrain(self, change: StateChange) -> CircuitBreaker | Refused:
        """Make the state of one strategy stricter, so that every later intent of it sees it. A repeat finds it done.

        Refused for one that the desk does not have.
        """
        ...

    async def judge(self, look: BreakerLook) -> CircuitBreaker:
        """Hold the circuit breaker's rules against the books, and stop the desk or let it go on; then its strategies.

        Of a look for one strategy, what holds for that one's orders.
        """
        ...

    async def resume(self, asked: Resumption) -> CircuitBreaker | Refused:
        """Let the desk, or one strategy, go on, on a person's word, or say why not. A repeat finds it done."""
        ...

    async def strategy_breakers(self, desk_id: str) -> tuple[StrategyBreaker, ...]:
        """The circuit breakers of a desk's strategies, by name."""
        ...

    async def breaker(self, desk_id: str) -> CircuitBreaker:
        """The trading state with its reason."""
        ...

    async def shadow_trades(self, desk_id: str) -> tuple[ShadowTrade, ...]:
        """The shadow trades that are still open, the oldest first."""
        ...

    async def decide_in_shadow(
        self, draft: ShadowTrade, costs: Costs, trace_id: str, *, only_thinks: bool = False
    ) -> tuple[ShadowTrade, ...]:
        """End the entries and open the trade that a decision of a shadow cycle asks for, each with its event.

        The desk's circuit breaker counts it when the desk is halted and its strategy does not only think. A repeat
        finds what it left.
        """
        ...

    async def score_shadow(self, look: ShadowLook, costs: Costs) -> tuple[ShadowTrade, ...]:
        """Hold every open shadow trade against the prices of a look, end those that are over, answer with the rest."""
        ...

    async def fates(self, desk_id: str, setups: Sequence[Setup]) -> Mapping[str, Fate]:
        """What became of setups of a desk, by the memory's name: their orders, trades and shadow trades."""
        ...

    async def books(self, desk_id: str) -> Books:
        """Everything the audit looks at, read at one instant."""
        ...


class Broker(Protocol):
    """Where orders go. The broker's own book is the truth about fills.

    Every method raises BrokerUnavailable when the answer is unknown: no answer, or none that can be read. A key that is
    refused is a BrokerRefused.
    """

    name: str
    synthetic: bool
    """Fills are computed here, from the quotes that `match` is given."""
    late_visibility: timedelta
    """How long after it took an order the broker may still say that it knows none of that id."""

    async def find(self, client_order_id: str) -> BrokerOrder | None:
        """Look an order up by its id; None when the broker says that it has none."""
        ...

    async def submit(self, request: OrderRequest) -> BrokerOrder:
        """Send an order, an entry together with its stop and target.

        Raises OrderRefused for a definite no; DuplicateOrder when the id is taken, so that it must be looked up.
        """
        ...

    async def cancel(self, client_order_id: str) -> BrokerOrder:
        """Ask for the end of what is left of an order. One that has ended comes back as it is; it may end later."""
        ...

    async def match(self, quotes: Mapping[str, Quote]) -> None:
        """Let resting orders meet these prices; a real broker does this by itself and ignores it."""
        ...

    async def apply(self, desk_id: str, actions: Sequence[CorporateAction]) -> None:
        """Let splits and dividends that are in force happen to an account; a real broker does this by itself."""
        ...

    async def legs(self, client_order_id: str) -> tuple[BrokerOrder, ...]:
        """The protective orders that were sent with an entry and are no longer held back."""
        ...

    async def fills(self, client_order_id: str) -> tuple[Fill, ...]:
        """Every fill of one order, oldest first."""
        ...

    async def orders(self, desk_id: str, since: datetime | None = None) -> tuple[BrokerOrder, ...]:
        """The broker's book of one desk: all that was sent since a moment, and what is open however old."""
        ...

    async def account(self, desk_id: str) -> Account:
        """The account's money now."""
        ...

    async def asset(self, symbol: str) -> Asset | None:
        """What may be done with a symbol; None when the broker does not trade it."""
        ...

    async def statement(self, desk_id: str, since: datetime) -> Statement:
        """The account as a whole, for reconciliation. A part that could not be read is None; never raises for one."""
        ...

    def moves(self, desk_id: str) -> AsyncGenerator[str]:
        """Our ids of orders in which the broker tells, as it happens, that something moved; ends when it is cut off."""
        ...
