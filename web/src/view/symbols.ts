// One row a symbol: what we see, what we think, what we hold, and why we did what we did.

import { card, el, setAged, setAttribute, setClass, setText, Table, type View } from "../dom";
import { age, dash, fixed, plain, signed } from "../format";
import type { SymbolView } from "../model";
import { toneOfReason } from "../states";
import type { Store } from "../store";
import { toneOfAmount } from "./header";

export function showReason(cell: HTMLElement, reason: string): void {
  setText(cell, reason);
  setClass(cell, `text reason reason-${toneOfReason(reason)}`);
}

export class SymbolsView implements View {
  readonly node: HTMLElement;
  private readonly table: Table<SymbolView>;
  private store: Store | null = null;

  constructor(select: (symbol: string) => void) {
    this.table = new Table<SymbolView>(
      "Symbols",
      [
        {
          title: "Symbol",
          show: (cell, s) => {
            let button = cell.querySelector("button");
            if (!button) {
              button = el("button", { type: "button", class: "link" }, s.name);
              button.addEventListener("click", () => select(s.name));
              cell.append(button);
            }
            setAttribute(button, "aria-pressed", String(this.store?.selected === s.name));
            setAttribute(cell, "title", s.traded ? "traded" : "watched only");
          },
        },
        {
          title: "Mid",
          kind: "number",
          show: (cell, s) => {
            setText(cell, s.book?.synced ? fixed(s.book.mid, s.price_decimals + 1) : dash);
            setAged(cell, s.fed_at_ms);
          },
        },
        {
          title: "Spread",
          kind: "number",
          hint: "ticks and basis points",
          show: (cell, s) => {
            setText(cell, s.book?.synced ? `${s.book.spread_ticks} tk · ${fixed(s.book.spread_bps, 2)} bp` : dash);
            setAged(cell, s.fed_at_ms);
          },
        },
        {
          title: "Predicted",
          kind: "number",
          hint: "expected return of the better side before costs, bps of mid",
          show: (cell, s) => {
            const d = s.decision;
            setText(cell, d ? `${signed(d.expected_bps, 2)} bp ${d.side}` : dash);
            setAged(cell, d?.at_ms);
          },
        },
        {
          title: "Cost",
          kind: "number",
          hint: "fees, spread and slippage of the round trip",
          show: (cell, s) => {
            setText(cell, s.decision ? `${fixed(s.decision.cost_bps, 2)} bp` : dash);
            setAged(cell, s.decision?.at_ms);
          },
        },
        {
          title: "Edge",
          kind: "number",
          hint: "lower bound of predicted minus cost: what must exceed the minimum",
          show: (cell, s) => {
            setText(cell, s.decision ? `${signed(s.decision.edge_bps, 2)} bp` : dash);
            setClass(cell, `number ${toneOfAmount(s.decision?.edge_bps ?? null)}`);
            setAged(cell, s.decision?.at_ms);
          },
        },
        {
          title: "Position",
          kind: "number",
          show: (cell, s) => {
            const held = this.positions(s.name);
            setText(cell, held.length === 0 ? "flat" : held.map((p) => `${p.size > 0 ? "+" : ""}${plain(p.size)}`).join(" "));
          },
        },
        {
          title: "uPnL",
          kind: "number",
          hint: "at the venue's mark price, before exit fees",
          show: (cell, s) => {
            const held = this.positions(s.name);
            const sum = held.reduce<number | null>((a, p) => (a == null || p.unrealised_pnl == null ? null : a + p.unrealised_pnl), 0);
            setText(cell, held.length === 0 ? dash : signed(sum, 2));
            setClass(cell, `number ${held.length === 0 ? "" : toneOfAmount(sum)}`);
            setAged(cell, held.length === 0 ? null : s.fed_at_ms);
          },
        },
        {
          title: "Feed age",
          kind: "number",
          show: (cell, s) => {
            const ms = this.store?.ageMs(s.fed_at_ms) ?? null;
            setText(cell, age(ms));
            setClass(cell, `number ${ms == null || ms > 10_000 ? "bad" : ms > 2_000 ? "warn" : ""}`);
          },
        },
        { title: "Why", show: (cell, s) => showReason(cell, s.decision?.reason ?? "no decision yet") },
      ],
      (s) => s.name,
      "No symbol yet: instruments are asked from the venue.",
      (row, s) => {
        row.classList.toggle("selected", this.store?.selected === s.name);
      },
    );
    const { node } = card("Symbols", "symbols", this.table.node);
    this.node = node;
    this.table.node.classList.add("stacks");
  }

  private positions(symbol: string) {
    return (this.store?.message?.positions ?? []).filter((p) => p.symbol === symbol);
  }

  update(store: Store): void {
    this.store = store;
    if (store.message) this.table.update([...store.symbols.values()]);
  }
}
