// Wish 1 in one second: is it trading, is it healthy, how much am I up or down, what could I lose.

import { el, setAttribute, setClass, setText, type View } from "../dom";
import { age, clock, counted, dash, fixed, percent, signed, uptime } from "../format";
import { lookOfState } from "../states";
import type { Store } from "../store";
import { toggleTheme } from "../theme";
import { Controls } from "./controls";

const hashShown = 12;

function fact(label: string): { node: HTMLElement; value: HTMLElement } {
  const value = el("dd", {}, dash);
  return { node: el("div", { class: "fact" }, el("dt", {}, label), value), value };
}

export class HeaderView implements View {
  readonly node: HTMLElement;
  private readonly sign = el("span", { "aria-hidden": "true" }, "?");
  private readonly word = el("span", { id: "state-word" }, "LOADING");
  private readonly pill = el("div", { class: "pill tone-muted", role: "status" }, this.sign, this.word);
  private readonly why = el("span", { class: "why" });
  private readonly demo = el("span", { class: "demo", title: "The market is generated; no real prices" }, "DEMO DATA");
  private readonly mode = fact("mode");
  private readonly venue = fact("venue");
  private readonly uptime = fact("uptime");
  private readonly model = fact("model");
  private readonly schema = fact("schema");
  private readonly time = fact("clock");
  private readonly controls = new Controls();

  constructor() {
    const theme = el("button", { class: "ghost", type: "button", title: "Dark or light" }, "◑ Theme");
    theme.addEventListener("click", toggleTheme);
    this.demo.hidden = true;
    this.node = el(
      "header",
      { class: "top" },
      el("div", { class: "brand" }, el("h1", {}, "MLBot"), this.pill, this.demo, this.why),
      el(
        "dl",
        { class: "facts" },
        this.mode.node,
        this.venue.node,
        this.uptime.node,
        this.model.node,
        this.schema.node,
        this.time.node,
      ),
      el("div", { class: "actions" }, this.controls.node, theme),
    );
  }

  update(store: Store): void {
    const message = store.message;
    if (!message) return;
    const header = message.header;
    const look = lookOfState(header.state);
    setText(this.sign, look.sign);
    setText(this.word, header.state);
    setClass(this.pill, `pill tone-${look.tone}`);
    setAttribute(this.pill, "title", look.means);
    setText(this.why, header.why);
    this.demo.hidden = !header.demo;
    setText(this.mode.value, header.mode.toUpperCase() + (header.account ? ` …${header.account}` : ""));
    setText(this.venue.value, header.venue || dash);
    setText(this.uptime.value, uptime(store.ageMs(header.started_at_ms)));
    setText(this.model.value, header.model ? header.model.slice(0, hashShown) : "none");
    setAttribute(this.model.value, "title", header.model || "No model is loaded: the bot abstains with model_missing");
    setText(this.schema.value, header.schema_hash || dash);
    setText(this.time.value, clock(store.nowMs()));
    this.controls.update(store);
    document.title = `${look.sign} ${header.state} ${signed(message.account.day_pnl, 2)} · MLBot`;
  }
}

interface Meter {
  node: HTMLElement;
  value: HTMLElement;
  note: HTMLElement;
  bar: HTMLElement;
}

function meter(label: string, id: string): Meter {
  const value = el("div", { class: "kpi-value", id }, dash);
  const note = el("div", { class: "kpi-note" });
  const bar = el("i", {});
  const node = el("div", { class: "kpi" }, el("div", { class: "kpi-label" }, label), value, note, el("div", { class: "bar", "aria-hidden": "true" }, bar));
  return { node, value, note, bar };
}

function fill(of: Meter, part: number | null, whole: number | null): void {
  const share = part == null || !whole ? 0 : Math.min(1, Math.max(0, part / whole));
  of.bar.style.width = `${(100 * share).toFixed(1)}%`;
  setClass(of.bar, share >= 0.75 ? "bar-high" : share >= 0.5 ? "bar-mid" : "");
  (of.bar.parentElement as HTMLElement).hidden = !whole;
}

export function toneOfAmount(value: number | null): string {
  return value == null || value === 0 ? "" : value > 0 ? "up" : "down";
}

export class KpiView implements View {
  readonly node = el("section", { class: "kpis", "aria-label": "Account now" });
  private readonly equity = meter("Equity", "equity");
  private readonly day = meter("Day PnL", "day-pnl");
  private readonly drawdown = meter("Drawdown", "drawdown");
  private readonly exposure = meter("Exposure", "exposure");
  private readonly open = meter("Open PnL", "open-pnl");
  private readonly data = meter("Slowest feed", "feed-age");

  constructor() {
    for (const one of [this.equity, this.day, this.drawdown, this.exposure, this.open, this.data]) this.node.append(one.node);
  }

  update(store: Store): void {
    const message = store.message;
    if (!message) return;
    const { account, limits, positions, orders } = message;
    setText(this.equity.value, fixed(account.equity, 2));
    setText(this.equity.note, account.at_ms == null ? "no word from the account yet" : `USDT, told ${age(store.ageMs(account.at_ms))} ago`);
    fill(this.equity, null, null);

    setText(this.day.value, signed(account.day_pnl, 2));
    setClass(this.day.value, `kpi-value ${toneOfAmount(account.day_pnl)}`);
    const startEquity = account.equity == null || account.day_pnl == null ? null : account.equity - account.day_pnl;
    setText(this.day.note, limits ? `${percent(account.day_pnl, startEquity)}, stops at −${fixed(limits.daily_loss, 0)}` : percent(account.day_pnl, startEquity));
    fill(this.day, account.day_pnl == null ? null : -account.day_pnl, limits?.daily_loss ?? null);

    setText(this.drawdown.value, fixed(account.drawdown, 2));
    setText(this.drawdown.note, limits ? `limit ${fixed(limits.drawdown, 0)} from peak ${fixed(account.peak, 2)}` : `from peak ${fixed(account.peak, 2)}`);
    fill(this.drawdown, account.drawdown, limits?.drawdown ?? null);

    const exposure = positions.reduce((sum, p) => sum + Math.abs(p.size) * (p.mark_price ?? p.entry_price), 0);
    const stops = positions.filter((p) => p.stop_loss != null).length;
    setText(this.exposure.value, fixed(exposure, 0));
    setText(this.exposure.note, `${limits ? `limit ${fixed(limits.max_total_notional, 0)}, ` : ""}stops at venue ${stops}/${positions.length}`);
    fill(this.exposure, exposure, limits?.max_total_notional ?? null);

    const openPnl = positions.reduce<number | null>((sum, p) => (sum == null || p.unrealised_pnl == null ? null : sum + p.unrealised_pnl), 0);
    setText(this.open.value, signed(openPnl, 2));
    setClass(this.open.value, `kpi-value ${toneOfAmount(openPnl)}`);
    setText(this.open.note, `${counted(positions.length, "position")}, ${counted(orders.length, "order")}, fees ${fixed(account.fees_paid, 2)}`);
    fill(this.open, null, null);

    const feeds = [...store.symbols.values()].map((s) => s.fed_at_ms);
    const slowest = feeds.some((at) => at == null) || feeds.length === 0 ? null : Math.min(...feeds.map(Number));
    setText(this.data.value, age(store.ageMs(slowest)));
    setText(this.data.note, `${feeds.filter((at) => at != null && (store.ageMs(at) ?? 0) <= 2_000).length}/${feeds.length} feeds fresh`);
    fill(this.data, null, null);
  }
}
