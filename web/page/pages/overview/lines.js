// After which lines of the log what is held, and what it is worth, may be another.
export const HELD_LINES = ["TradeExecuted", "PositionAdjusted", "CapitalChanged", "CycleCompleted", "DayClosed"];
export const ORDERS_LINES = [...HELD_LINES, "OrderIntended", "OrderAccepted", "OrderCancelled", "OrderExpired", "OrderRejected"];
export const STATE_LINES = ["BreakerChanged", "TradingStateChanged", "StrategyStateChanged", "StrategyChanged", ...HELD_LINES];
