// What was decided, asked, held and filled.

import { card, el, setAged, setAttribute, setClass, setText, Table, type View } from "../dom";
import { age, clock, dash, fixed, plain, signed } from "../format";
import type { Fill, Order, Position, Signal } from "../model";
import { toneOfReason } from "../states";
import type { Store } from "../store";
import { toneOfAmount } from "./header";
import { showReason } from "./symbols";

const rowsShown = 60;

function decimals(store: Store | null, symbol: string): number {
  return store?.symbols.get(symbol)?.price_decimals ?? 2;
}

function showSide(cell: HTMLElement, side: string): void {
  setText(cell, side === "buy" ? "▲ buy" : "▼ sell");
  setClass(cell, `text ${side}`);
}

export class SignalsView implements View {
  readonly node: HTMLElement;
  private readonly counts = el("ul", { class: "chips", "aria-label": "Decisions by reason" });
  private readonly ordersOnly = el("button", { type: "button", "aria-pressed": "false" }, "Orders only");
  private store: Store | null = null;
  private readonly table = new Table<Signal>(
    "Last signals",
    [
      { title: "Time", show: (cell, s) => setText(cell, clock(s.at_ms)) },
      { title: "Symbol", show: (cell, s) => setText(cell, s.symbol) },
      { title: "Reason", show: (cell, s) => showReason(cell, s.reason) },
      {
        title: "Times",
        kind: "number",
        hint: "alike decisions in a row share one line; an order shows its size and price",
        show: (cell, s) => setText(cell, s.order ? `${plain(s.size)} @ ${fixed(s.price, decimals(this.store, s.symbol))}` : `×${fixed(s.count, 0)}`),
      },
      { title: "Side", show: (cell, s) => showSide(cell, s.side) },
      { title: "Predicted", kind: "number", hint: "bps before costs", show: (cell, s) => setText(cell, signed(s.expected_bps, 2)) },
      { title: "Cost", kind: "number", hint: "bps", show: (cell, s) => setText(cell, fixed(s.cost_bps, 2)) },
      { title: "Edge", kind: "number", hint: "bps, lower bound", show: (cell, s) => setText(cell, signed(s.edge_bps, 2)) },
    ],
    (s) => String(s.id),
    "No decision yet: the first comes with the first frame.",
  );

  constructor() {
    const { node, tools } = card("Signals", "signals", this.counts, this.table.node);
    tools.append(this.ordersOnly);
    this.node = node;
    this.ordersOnly.addEventListener("click", () => {
      setAttribute(this.ordersOnly, "aria-pressed", String(this.ordersOnly.getAttribute("aria-pressed") !== "true"));
      if (this.store) this.update(this.store);
    });
  }

  update(store: Store): void {
    this.store = store;
    if (!store.message) return;
    const only = this.ordersOnly.getAttribute("aria-pressed") === "true";
    const rows = [...store.signals.values()]
      .filter((signal) => !only || signal.order !== null)
      .sort((a, b) => b.at_ms - a.at_ms || b.id - a.id)
      .slice(0, rowsShown);
    this.table.setEmpty(only ? "No order yet; the reasons above say why." : "No decision yet: the first comes with the first frame.");
    this.table.update(rows);
    const reasons = Object.entries(store.message.reasons).sort((a, b) => b[1] - a[1]);
    const chips = new Map([...this.counts.children].map((chip) => [(chip as HTMLElement).dataset["reason"], chip]));
    for (const [reason, count] of reasons) {
      let chip = chips.get(reason);
      if (!chip) {
        chip = el("li", { "data-reason": reason, class: `reason-${toneOfReason(reason)}` }, el("span", {}, reason), el("b", {}));
        this.counts.append(chip);
      }
      chips.delete(reason);
      setText(chip.lastElementChild as Element, fixed(count, 0));
    }
    for (const chip of chips.values()) chip.remove();
  }
}

export class PositionsView implements View {
  readonly node: HTMLElement;
  private store: Store | null = null;
  private readonly table = new Table<Position>(
    "Positions",
    [
      { title: "Symbol", show: (cell, p) => setText(cell, p.symbol) },
      {
        title: "Size",
        kind: "number",
        show: (cell, p) => {
          setText(cell, `${p.size > 0 ? "+" : ""}${plain(p.size)}`);
          setClass(cell, `number ${p.size > 0 ? "buy" : "sell"}`);
        },
      },
      { title: "Entry", kind: "number", show: (cell, p) => setText(cell, fixed(p.entry_price, decimals(this.store, p.symbol))) },
      {
        title: "Mark",
        kind: "number",
        show: (cell, p) => {
          setText(cell, fixed(p.mark_price, decimals(this.store, p.symbol)));
          setAged(cell, this.store?.symbols.get(p.symbol)?.fed_at_ms);
        },
      },
      {
        title: "uPnL",
        kind: "number",
        show: (cell, p) => {
          setText(cell, signed(p.unrealised_pnl, 2));
          setClass(cell, `number ${toneOfAmount(p.unrealised_pnl)}`);
          setAged(cell, this.store?.symbols.get(p.symbol)?.fed_at_ms);
        },
      },
      {
        title: "Liquidation",
        kind: "number",
        show: (cell, p) => setText(cell, fixed(p.liquidation_price, decimals(this.store, p.symbol))),
      },
      {
        title: "Told",
        kind: "number",
        hint: "age of the venue's last word on this position",
        show: (cell, p) => setText(cell, age(this.store?.ageMs(p.updated_at_ms) ?? null)),
      },
      {
        title: "Stop at venue",
        show: (cell, p) => {
          setText(cell, p.stop_loss == null ? "✕ no" : `● yes ${fixed(p.stop_loss, decimals(this.store, p.symbol))}`);
          setClass(cell, `text ${p.stop_loss == null ? "bad" : ""}`);
        },
      },
    ],
    (p) => `${p.symbol}.${p.position_index}`,
    "Flat: no position.",
  );

  constructor() {
    this.table.node.classList.add("stacks");
    const { node } = card("Positions", "positions", this.table.node);
    this.node = node;
  }

  update(store: Store): void {
    this.store = store;
    if (store.message) this.table.update(store.message.positions);
  }
}

export class OrdersView implements View {
  readonly node: HTMLElement;
  private store: Store | null = null;
  private readonly more = el("p", { class: "muted" });
  private readonly table = new Table<Order>(
    "Open orders",
    [
      { title: "Symbol", show: (cell, o) => setText(cell, o.symbol) },
      { title: "Side", show: (cell, o) => showSide(cell, o.side) },
      { title: "Type", show: (cell, o) => setText(cell, o.reduce_only ? `${o.type}, reduce-only` : o.type) },
      { title: "Price", kind: "number", show: (cell, o) => setText(cell, fixed(o.price, decimals(this.store, o.symbol))) },
      { title: "Filled", kind: "number", show: (cell, o) => setText(cell, `${plain(o.filled)} / ${plain(o.size)}`) },
      { title: "Stop", kind: "number", show: (cell, o) => setText(cell, fixed(o.stop_loss, decimals(this.store, o.symbol))) },
      {
        title: "State",
        show: (cell, o) => {
          setText(cell, o.phase.replace("_", " "));
          setClass(cell, `text ${o.phase === "unknown" ? "bad" : ""}`);
        },
      },
      { title: "Age", kind: "number", show: (cell, o) => setText(cell, age(this.store?.ageMs(o.created_at_ms) ?? null)) },
    ],
    (o) => o.client_id || o.venue_id,
    "No open order.",
  );

  constructor() {
    this.table.node.classList.add("stacks");
    const { node } = card("Open orders", "orders", this.table.node, this.more);
    this.node = node;
  }

  update(store: Store): void {
    this.store = store;
    const message = store.message;
    if (!message) return;
    this.table.update(message.orders);
    let last = 0;
    for (const signal of store.signals.values()) last = Math.max(last, signal.at_ms);
    this.table.setEmpty(last ? `No open order; last decision ${age(store.ageMs(last))} ago.` : "No open order.");
    this.more.hidden = message.orders_not_shown === 0;
    setText(this.more, `${fixed(message.orders_not_shown, 0)} more were not shown.`);
  }
}

export class FillsView implements View {
  readonly node: HTMLElement;
  private store: Store | null = null;
  private readonly table = new Table<Fill>(
    "Fills",
    [
      { title: "Time", show: (cell, f) => setText(cell, clock(f.at_ms)) },
      { title: "Symbol", show: (cell, f) => setText(cell, f.symbol) },
      {
        title: "Side",
        show: (cell, f) => {
          if (f.kind === "trade") showSide(cell, f.side);
          else setText(cell, f.kind);
        },
      },
      { title: "Size", kind: "number", show: (cell, f) => setText(cell, plain(f.size)) },
      { title: "Price", kind: "number", show: (cell, f) => setText(cell, fixed(f.price, decimals(this.store, f.symbol))) },
      { title: "Fee", kind: "number", show: (cell, f) => setText(cell, fixed(f.fee, 4)) },
      {
        title: "PnL",
        kind: "number",
        hint: "realised by the reducing part, before fees",
        show: (cell, f) => {
          setText(cell, f.realised_pnl === 0 ? dash : signed(f.realised_pnl, 2));
          setClass(cell, `number ${toneOfAmount(f.realised_pnl)}`);
        },
      },
      { title: "As", show: (cell, f) => setText(cell, f.liquidity) },
    ],
    (f) => String(f.id),
    "No fill yet.",
  );

  constructor() {
    const { node } = card("Fills", "fills", this.table.node);
    this.node = node;
  }

  update(store: Store): void {
    this.store = store;
    if (store.message) this.table.update([...store.fills.values()].reverse().slice(0, rowsShown));
  }
}
