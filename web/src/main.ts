// The operator's page: one screen, told by the bot twice a second.

import "./style.css";

import { el, refreshAges, setAttribute, setText, type View } from "./dom";
import { age } from "./format";
import { Link } from "./link";
import { Store } from "./store";
import { applyStoredTheme } from "./theme";
import { EquityView, PriceView } from "./view/charts";
import { FeaturesView } from "./view/features";
import { EventsView, HealthView } from "./view/health";
import { HeaderView, KpiView } from "./view/header";
import { SymbolsView } from "./view/symbols";
import { FillsView, OrdersView, PositionsView, SignalsView } from "./view/trading";

const agesEveryMs = 500;
const silenceMsMax = 2_000;

applyStoredTheme();
const app = document.getElementById("app") as HTMLElement;
const store = new Store();
const link = new Link(store, () => schedule());
const banner = el("div", { class: "banner", role: "alert" });
const loaded = new Set<string>();

function select(symbol: string): void {
  store.selected = symbol;
  schedule();
}

const views: View[] = [
  new HeaderView(),
  new KpiView(),
  new PriceView(select),
  new EquityView(),
  new SymbolsView(select),
  new PositionsView(),
  new OrdersView(),
  new SignalsView(),
  new FillsView(),
  new FeaturesView(),
  new HealthView(),
  new EventsView(),
];
const [top, ...rest] = views.map((view) => view.node) as [HTMLElement, ...HTMLElement[]];
banner.hidden = true;
const places: [id: string, label: string][] = [
  ["card-price", "Price"],
  ["card-symbols", "Symbols"],
  ["card-positions", "Positions"],
  ["card-signals", "Signals"],
  ["card-features", "Features"],
  ["card-health", "Health"],
];
app.append(
  top,
  el("nav", { "aria-label": "Sections" }, ...places.map(([id, label]) => el("a", { href: `#${id}` }, label))),
  banner,
  el("main", { id: "main", tabindex: "-1" }, ...rest),
  el(
    "footer",
    {},
    el("span", { id: "version" }),
    el(
      "span",
      {},
      "Charts by ",
      el("a", { href: "https://www.tradingview.com/", target: "_blank", rel: "noreferrer" }, "TradingView Lightweight Charts™"),
      " (Apache-2.0) and uPlot (MIT)",
    ),
  ),
);
document.body.dataset["state"] = "loading";

let scheduled = false;
function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    draw();
  });
}

function draw(): void {
  if (store.selected && !loaded.has(store.selected)) {
    const symbol = store.selected;
    loaded.add(symbol);
    link.loadHistory(symbol).catch(() => loaded.delete(symbol));
  }
  for (const view of views) view.update(store);
  refreshAges(app, store);
  if (store.message) {
    document.body.dataset["state"] = "ready";
    setAttribute(document.documentElement, "data-now-ms", String(store.message.now_ms));
    setText(document.getElementById("version") as HTMLElement, `MLBot ${store.message.header.version}`);
  }
  drawBanner();
}

function drawBanner(): void {
  const silence = store.silenceMs();
  const lost = store.link === "lost" || (store.message !== null && silence > silenceMsMax);
  banner.hidden = !lost;
  document.body.classList.toggle("silent", lost);
  if (!lost) return;
  setText(
    banner,
    store.message
      ? `✕ No word from the bot for ${age(silence)}. The numbers below are old. Trying again; is "mlbot run" still there?`
      : `✕ The bot does not answer. Trying again; open the link that "mlbot run" printed if this goes on.`,
  );
}

setInterval(draw, agesEveryMs);
link.start();
