// The page's copy of the bot's view: a snapshot with changes laid over it by key. Rows may come twice.
//
// When full: as many rows as the bot itself keeps; the oldest leave.

import type { EquityPoint, EventLine, FeatureText, Fill, Message, PricePoint, Signal, SymbolView } from "./model";

const signalsMax = 300;
const fillsMax = 500;
const eventsMax = 200;
const pricesMax = 10_800;
const equityMax = 8_192;

export type LinkState = "connecting" | "live" | "lost";

function keepNewest<T>(rows: Map<number, T>, most: number): void {
  while (rows.size > most) {
    const oldest = rows.keys().next();
    if (oldest.done) return;
    rows.delete(oldest.value);
  }
}

export class Store {
  message: Message | null = null;
  features: FeatureText[] = [];
  link: LinkState = "connecting";
  readonly symbols = new Map<string, SymbolView>();
  readonly signals = new Map<number, Signal>();
  readonly fills = new Map<number, Fill>();
  readonly events = new Map<number, EventLine>();
  readonly prices = new Map<string, PricePoint[]>();
  equity: EquityPoint[] = [];
  equityVersion = 0; // +1 whenever the curve changed
  selected = "";
  private receivedAt = 0;

  /** The bot's clock, moved on by ours since its last word. */
  nowMs(): number {
    return (this.message?.now_ms ?? 0) + (performance.now() - this.receivedAt);
  }

  /** Milliseconds since the bot's last word. */
  silenceMs(): number {
    return this.message ? performance.now() - this.receivedAt : 0;
  }

  ageMs(at: number | null | undefined): number | null {
    return at == null ? null : Math.max(0, this.nowMs() - at);
  }

  apply(message: Message): void {
    if (message.kind === "snapshot") {
      for (const rows of [this.symbols, this.signals, this.fills, this.events]) rows.clear();
    }
    this.message = message;
    this.receivedAt = performance.now();
    for (const row of message.symbols) {
      const before = this.symbols.get(row.name);
      const frame = row.frame === undefined ? (before?.frame ?? null) : row.frame;
      this.symbols.set(row.name, { ...row, frame });
      if (row.prices) this.addPrices(row.name, row.prices);
    }
    for (const row of message.signals) this.signals.set(row.id, row);
    for (const row of message.fills) this.fills.set(row.id, row);
    for (const row of message.events) this.events.set(row.id, row);
    keepNewest(this.signals, signalsMax);
    keepNewest(this.fills, fillsMax);
    keepNewest(this.events, eventsMax);
    this.addEquity(message.equity.points, message.equity.replace);
    if (!this.symbols.has(this.selected)) {
      const first = this.symbols.keys().next();
      this.selected = first.done ? "" : first.value;
    }
  }

  /** History comes once for each symbol that is looked at; live points follow and overlap. */
  setHistory(symbol: string, points: PricePoint[]): void {
    const live = this.prices.get(symbol) ?? [];
    this.prices.set(symbol, points);
    this.addPrices(symbol, live);
  }

  private addPrices(symbol: string, points: PricePoint[]): void {
    const known = this.prices.get(symbol) ?? [];
    for (const point of points) {
      const last = known[known.length - 1];
      if (last && point[0] < last[0]) continue;
      if (last && point[0] === last[0]) known[known.length - 1] = point;
      else known.push(point);
    }
    if (known.length > pricesMax) known.splice(0, known.length - pricesMax);
    this.prices.set(symbol, known);
  }

  private addEquity(points: EquityPoint[], replace: boolean): void {
    if (replace) this.equity = [];
    const last = this.equity[this.equity.length - 1];
    const fresh = points.filter((point) => !last || point[0] > last[0]);
    if (fresh.length === 0 && !replace) return;
    this.equity.push(...fresh);
    if (this.equity.length > equityMax) this.equity.splice(0, this.equity.length - equityMax);
    this.equityVersion += 1;
  }
}
