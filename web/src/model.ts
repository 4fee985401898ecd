// The JSON that the bot tells; src/io/web/dashboard_json.cpp writes the same shape. Unknown is null, times are
// milliseconds since 1970, prices and money are in quote units (USDT), sizes in base coins.

export type Side = "buy" | "sell";
export type Severity = "info" | "notice" | "warning" | "critical";

export interface Header {
  state: string;
  why: string;
  mode: string;
  venue: string;
  account: string;
  model: string;
  schema_hash: string;
  version: string;
  demo: boolean;
  started_at_ms: number | null;
}

export interface Account {
  at_ms: number | null;
  equity: number | null;
  wallet_balance: number | null;
  available: number | null;
  unrealised_pnl: number | null;
  initial_margin: number | null;
  maintenance_margin: number | null;
  day_pnl: number | null;
  drawdown: number | null;
  peak: number | null;
  fees_paid: number;
  fills: number;
}

export interface Limits {
  config_version: number;
  max_order_notional: number;
  max_symbol_notional: number;
  max_total_notional: number;
  daily_loss: number;
  drawdown: number;
  max_open_orders: number;
  max_orders_per_minute: number;
  max_feed_age_ms: number;
  min_edge_bps: number;
}

export interface Service {
  name: string;
  state: string;
  detail: string;
  counters: Record<string, number>;
  last_progress_ms: number | null;
}

export interface Book {
  synced: boolean;
  bid: number;
  ask: number;
  bid_size: number;
  ask_size: number;
  mid: number;
  spread_ticks: number;
  spread_bps: number | null;
  at_ms: number | null;
}

export interface DecisionView {
  reason: string;
  side: Side;
  expected_bps: number | null;
  cost_bps: number | null;
  edge_bps: number | null;
  frame: number;
  at_ms: number | null;
}

export interface Frame {
  number: number;
  at_ms: number | null;
  missing: number;
  digest: string;
  values: (number | null)[];
  scores: (number | null)[];
}

/** Features of a symbol that have no value for one and the same reason. */
export interface VoidView {
  symbol: string;
  cause: string;
  until_ms: number | null;
  features: string[];
}

export type PricePoint = [second: number, mid: number];

export interface SymbolView {
  name: string;
  price_decimals: number;
  tick_size: number;
  lot_step: number;
  traded: boolean;
  fed_at_ms: number | null;
  mark_price: number | null;
  funding_rate: number | null;
  next_funding_ms: number | null;
  book: Book | null;
  decision: DecisionView | null;
  frame?: Frame | null; // absent in changes: as before
  prices?: PricePoint[]; // in changes only
}

export interface Signal {
  id: number;
  symbol: string;
  reason: string;
  side: Side;
  expected_bps: number | null;
  cost_bps: number | null;
  edge_bps: number | null;
  count: number;
  first_at_ms: number;
  at_ms: number;
  order: string | null;
  price: number | null;
  size: number | null;
}

export interface Order {
  client_id: string;
  venue_id: string;
  symbol: string;
  side: Side;
  type: string;
  phase: string;
  price: number;
  size: number;
  filled: number;
  reduce_only: boolean;
  stop_loss: number | null;
  created_at_ms: number | null;
  updated_at_ms: number | null;
}

export interface Position {
  symbol: string;
  position_index: number;
  size: number;
  entry_price: number;
  mark_price: number | null;
  stop_loss: number | null;
  liquidation_price: number | null;
  unrealised_pnl: number | null;
  realised_pnl: number;
  updated_at_ms: number | null;
}

export interface Fill {
  id: number;
  symbol: string;
  kind: string;
  side: Side;
  price: number;
  size: number | null;
  fee: number;
  realised_pnl: number;
  liquidity: string;
  client_id: string;
  at_ms: number;
}

export interface EventLine {
  id: number;
  at_ms: number;
  severity: Severity;
  text: string;
}

export type EquityPoint = [at_ms: number, equity: number];

export interface Message {
  schema_version: number;
  kind: "snapshot" | "changes";
  now_ms: number | null;
  header: Header;
  account: Account;
  limits: Limits | null;
  services: Service[];
  voids: VoidView[];
  reasons: Record<string, number>;
  orders: Order[];
  orders_not_shown: number;
  positions: Position[];
  symbols_not_shown: number;
  symbols: SymbolView[];
  signals: Signal[];
  fills: Fill[];
  events: EventLine[];
  equity: { replace: boolean; points: EquityPoint[] };
}

export interface FeatureText {
  id: number;
  name: string;
  engine: string;
  unit: string;
  window: string;
  definition: string;
  undefined: string;
}
