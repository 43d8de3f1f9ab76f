// Every kind of line in the audit log, by what it is about.
export const KINDS = {
  "The desk": ["DeskOpened", "TradingStateChanged", "BreakerChanged", "PriceMoved", "DayClosed", "WeekReported"],
  Cycles: ["CycleStarted", "CycleSkipped", "CycleCompleted", "CycleFailed", "SnapshotTaken", "SymbolDropped"],
  Agents: [
    "SignalGenerated", "AgentAbstained", "ConstraintApplied", "RiskAssessed", "ValidationComplete", "ArgumentMade", "MetaAgentDecision",
    "RuleDecision", "OperatorDecision", "BudgetDegraded",
  ],
  Orders: [
    "OrderIntended", "OrderDenied", "OrderSubmitted", "OrderUnknown", "OrderAccepted", "OrderRejected", "OrderCancelled", "OrderExpired",
    "OrderIgnored", "TradeExecuted", "PositionAdjusted",
  ],
  Strategies: ["StrategyChanged", "StrategyStateChanged", "CapitalAllocated", "CapitalChanged"],
  Approvals: ["ApprovalAsked", "ApprovalEnded"],
  "In shadow, and remembered": ["ShadowTradeOpened", "ShadowTradeClosed", "LessonLearned", "MemoryAway"],
  "Checks and people": [
    "AuditFinding", "DifferenceFound", "AlertRaised", "AlertAcknowledged", "OperatorNote", "TokenCreated", "TokenRevoked",
  ],
};
