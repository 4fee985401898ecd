// Two charts: the price of the selected symbol with our fills, and the equity of the run.

import {
  CandlestickSeries,
  ColorType,
  createChart,
  createSeriesMarkers,
  CrosshairMode,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineSeries,
  LineStyle,
  type SeriesMarker,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import { card, el, setAttribute, setText, type View } from "../dom";
import { clock, counted, fixed, signed } from "../format";
import type { PricePoint } from "../model";
import type { Store } from "../store";
import { color, onTheme } from "../theme";

interface Candle {
  time: UTCTimestamp;
  open: number;
  high: number;
  low: number;
  close: number;
}

function candles(points: readonly PricePoint[], seconds: number): Candle[] {
  const out: Candle[] = [];
  for (const [second, mid] of points) {
    const time = (second - (second % seconds)) as UTCTimestamp;
    const last = out[out.length - 1];
    if (last && last.time === time) {
      last.high = Math.max(last.high, mid);
      last.low = Math.min(last.low, mid);
      last.close = mid;
    } else out.push({ time, open: mid, high: mid, low: mid, close: mid });
  }
  return out;
}

const intervals: [label: string, seconds: number][] = [
  ["1 s", 1],
  ["15 s", 15],
  ["1 min", 60],
];

export class PriceView implements View {
  readonly node: HTMLElement;
  private readonly box = el("div", { class: "chart" });
  private readonly empty = el("p", { class: "empty" }, "No price yet: the first frame is awaited.");
  private readonly title: HTMLElement;
  private readonly readout = el("div", { class: "readout" });
  private readonly tabs = el("div", { class: "tabs", role: "group", "aria-label": "Symbol" });
  private readonly buttons: HTMLButtonElement[];
  private readonly chart: IChartApi;
  private line: ISeriesApi<"Line"> | null = null;
  private bars: ISeriesApi<"Candlestick"> | null = null;
  private markers: ISeriesMarkersPluginApi<Time> | null = null;
  private priceLines: IPriceLine[] = [];
  private priceLinesKey = "";
  private seconds = 1;
  private drawn = { symbol: "", seconds: 0, first: 0, last: 0, length: 0, fills: -1 };
  private store: Store | null = null;

  constructor(select: (symbol: string) => void) {
    this.buttons = intervals.map(([label, seconds]) => {
      const button = el("button", { type: "button", "aria-pressed": String(seconds === this.seconds) }, label);
      button.addEventListener("click", () => {
        this.seconds = seconds;
        this.buttons.forEach((other) => setAttribute(other, "aria-pressed", String(other === button)));
        if (this.store) this.update(this.store);
      });
      return button;
    });
    this.tabs.addEventListener("click", (event) => {
      const symbol = (event.target as HTMLElement).dataset["symbol"];
      if (symbol) select(symbol);
    });
    const { node, tools } = card("Price", "price", this.tabs, this.readout, this.box, this.empty);
    this.title = node.querySelector("h2") as HTMLElement;
    tools.append(el("div", { class: "segments", role: "group", "aria-label": "Interval" }, ...this.buttons));
    this.node = node;
    this.chart = createChart(this.box, {
      autoSize: true,
      layout: { attributionLogo: true, fontSize: 11 },
      crosshair: { mode: CrosshairMode.Normal },
      timeScale: { timeVisible: true, secondsVisible: true, rightOffset: 4, minBarSpacing: 0.2 },
      rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.12, bottom: 0.12 } },
      handleScroll: { vertTouchDrag: false },
    });
    this.paint();
    onTheme(() => {
      this.paint();
      this.drawn.symbol = "";
      if (this.store) this.update(this.store);
    });
  }

  private paint(): void {
    this.chart.applyOptions({
      layout: { background: { type: ColorType.Solid, color: color("surface") }, textColor: color("muted") },
      grid: { vertLines: { color: color("grid") }, horzLines: { color: color("grid") } },
      timeScale: { borderColor: color("border") },
    });
  }

  private rebuild(decimals: number): void {
    if (this.line) this.chart.removeSeries(this.line);
    if (this.bars) this.chart.removeSeries(this.bars);
    this.line = this.bars = null;
    this.priceLines = [];
    this.priceLinesKey = "";
    const priceFormat = { type: "price" as const, precision: decimals, minMove: 10 ** -decimals };
    if (this.seconds === 1) {
      this.line = this.chart.addSeries(LineSeries, { color: color("blue"), lineWidth: 2, priceFormat });
      this.markers = createSeriesMarkers(this.line, []);
    } else {
      this.bars = this.chart.addSeries(CandlestickSeries, {
        upColor: color("blue"),
        wickUpColor: color("blue"),
        borderUpColor: color("blue"),
        downColor: color("orange"),
        wickDownColor: color("orange"),
        borderDownColor: color("orange"),
        priceFormat,
      });
      this.markers = createSeriesMarkers(this.bars, []);
    }
  }

  update(store: Store): void {
    this.store = store;
    const symbol = store.symbols.get(store.selected);
    this.updateTabs(store);
    if (!symbol) return;
    setText(this.title, `Price ${symbol.name}`);
    const points = store.prices.get(symbol.name) ?? [];
    const first = points[0];
    const last = points[points.length - 1];
    this.empty.hidden = last !== undefined;
    this.box.hidden = last === undefined;
    if (!last || !first) return;

    const whole = this.drawn.symbol !== symbol.name || this.drawn.seconds !== this.seconds || this.drawn.first !== first[0];
    if (whole) {
      if (this.drawn.symbol !== symbol.name || this.drawn.seconds !== this.seconds) this.rebuild(symbol.price_decimals);
      const bars = candles(points, this.seconds);
      this.line?.setData(bars.map((bar) => ({ time: bar.time, value: bar.close })));
      this.bars?.setData(bars);
      if (this.drawn.symbol !== symbol.name || this.drawn.seconds !== this.seconds)
        this.chart.timeScale().setVisibleLogicalRange({ from: Math.max(0, bars.length - 240), to: bars.length + 4 });
    } else if (last[0] > this.drawn.last) {
      const from = this.drawn.last - (this.drawn.last % this.seconds);
      const tail: PricePoint[] = [];
      for (let i = points.length - 1; i >= 0; i -= 1) {
        const point = points[i];
        if (!point || point[0] < from) break;
        tail.unshift(point);
      }
      for (const bar of candles(tail, this.seconds)) {
        this.line?.update({ time: bar.time, value: bar.close });
        this.bars?.update(bar);
      }
    }
    const fills = [...store.fills.values()].filter((fill) => fill.symbol === symbol.name && fill.kind === "trade");
    const newest = fills[fills.length - 1]?.id ?? 0;
    if (whole || newest !== this.drawn.fills) this.drawFills(fills, first[0], last[0]);
    this.drawn = { symbol: symbol.name, seconds: this.seconds, first: first[0], last: last[0], length: points.length, fills: newest };
    this.drawLines(store, symbol.name, symbol.price_decimals);
    const entry = store.message?.positions.find((p) => p.symbol === symbol.name);
    setText(
      this.readout,
      [
        `mid ${fixed(last[1], symbol.price_decimals + 1)}`,
        symbol.mark_price == null ? "" : `mark ${fixed(symbol.mark_price, symbol.price_decimals)}`,
        symbol.funding_rate == null ? "" : `funding ${signed(symbol.funding_rate * 1e4, 2)} bp`,
        entry ? `entry ${fixed(entry.entry_price, symbol.price_decimals)}` : "flat",
        counted(fills.length, "fill"),
      ]
        .filter((text) => text !== "")
        .join("  ·  "),
    );
  }

  private drawFills(fills: { at_ms: number; side: string; price: number; size: number | null }[], from: number, to: number): void {
    const marks: SeriesMarker<Time>[] = fills
      .map((fill) => ({ ...fill, second: Math.floor(fill.at_ms / 1000) }))
      .filter((fill) => fill.second >= from && fill.second <= to + 5)
      .map((fill) => {
        const time = (fill.second - (fill.second % this.seconds)) as UTCTimestamp;
        return fill.side === "buy"
          ? { time, position: "belowBar", shape: "arrowUp", color: color("blue"), text: "B", size: 1.5 }
          : { time, position: "aboveBar", shape: "arrowDown", color: color("orange"), text: "S", size: 1.5 };
      });
    this.markers?.setMarkers(marks);
  }

  private drawLines(store: Store, symbol: string, decimals: number): void {
    const wanted: { price: number; title: string; color: string; style: LineStyle }[] = [];
    for (const position of store.message?.positions ?? []) {
      if (position.symbol !== symbol) continue;
      wanted.push({ price: position.entry_price, title: position.size > 0 ? "long" : "short", color: color("muted"), style: LineStyle.Dashed });
      if (position.stop_loss != null) wanted.push({ price: position.stop_loss, title: "stop", color: color("magenta"), style: LineStyle.Dotted });
    }
    for (const order of store.message?.orders ?? []) {
      if (order.symbol === symbol)
        wanted.push({ price: order.price, title: order.side, color: color(order.side === "buy" ? "blue" : "orange"), style: LineStyle.SparseDotted });
    }
    const key = wanted.map((line) => `${line.title}${line.price.toFixed(decimals)}`).join();
    const series = this.line ?? this.bars;
    if (!series || key === this.priceLinesKey) return;
    this.priceLinesKey = key;
    for (const line of this.priceLines) series.removePriceLine(line);
    this.priceLines = wanted.map((line) =>
      series.createPriceLine({ price: line.price, color: line.color, lineWidth: 1, lineStyle: line.style, axisLabelVisible: true, title: line.title }),
    );
  }

  private updateTabs(store: Store): void {
    const names = [...store.symbols.keys()];
    if (this.tabs.childElementCount !== names.length)
      this.tabs.replaceChildren(...names.map((name) => el("button", { type: "button", "data-symbol": name }, name)));
    for (const tab of this.tabs.children) setAttribute(tab, "aria-pressed", String((tab as HTMLElement).dataset["symbol"] === store.selected));
  }
}

function secondsMatter(ticks: readonly number[]): boolean {
  return ticks.some((tick) => tick % 60 !== 0);
}

export class EquityView implements View {
  readonly node: HTMLElement;
  private readonly box = el("div", { class: "chart equity-chart" });
  private readonly readout = el("div", { class: "readout" });
  private readonly empty = el("p", { class: "empty" }, "No equity yet: the account has not spoken.");
  private plot: uPlot | null = null;
  private drawn = -1;
  private store: Store | null = null;

  constructor() {
    const { node } = card("Equity", "equity", this.readout, this.box, this.empty);
    this.node = node;
    new ResizeObserver(() => this.resize()).observe(this.box);
    onTheme(() => {
      this.plot?.destroy();
      this.plot = null;
      this.drawn = -1;
      if (this.store) this.update(this.store);
    });
  }

  private size(): { width: number; height: number } {
    return { width: Math.max(200, this.box.clientWidth), height: Math.max(160, this.box.clientHeight) };
  }

  private resize(): void {
    this.plot?.setSize(this.size());
  }

  private create(data: uPlot.AlignedData): uPlot {
    const axis: uPlot.Axis = {
      stroke: color("muted"),
      grid: { stroke: color("grid"), width: 1 },
      ticks: { stroke: color("grid"), width: 1 },
      font: "11px system-ui, sans-serif",
    };
    return new uPlot(
      {
        ...this.size(),
        legend: { show: false },
        cursor: { y: false, points: { size: 7 } },
        scales: { x: { time: true } },
        tzDate: (ts) => uPlot.tzDate(new Date(ts * 1e3), "Etc/UTC"),
        axes: [
          { ...axis, space: 80, values: (_, ticks) => ticks.map((tick) => clock(tick * 1000).slice(0, secondsMatter(ticks) ? 8 : 5)) },
          { ...axis, side: 1, size: 78, values: (_, ticks) => ticks.map((tick) => fixed(tick, (ticks[1] ?? 0) - (ticks[0] ?? 0) < 1 ? 2 : 0)) },
        ],
        series: [
          {},
          {
            label: "equity",
            stroke: color("blue"),
            width: 2,
            fill: color("equity-fill"),
            points: { show: false },
          },
        ],
        hooks: { setCursor: [() => this.tell()] },
      },
      data,
      this.box,
    );
  }

  private tell(): void {
    const store = this.store;
    if (!store) return;
    const first = store.equity[0];
    const point = store.equity[this.plot?.cursor.idx ?? store.equity.length - 1] ?? store.equity[store.equity.length - 1];
    if (!first || !point) return;
    setText(this.readout, `${clock(point[0])}  ·  ${fixed(point[1], 2)} USDT  ·  ${signed(point[1] - first[1], 2)} since start`);
  }

  update(store: Store): void {
    this.store = store;
    const some = store.equity.length > 1;
    this.empty.hidden = some;
    this.box.hidden = !some;
    if (!some || this.drawn === store.equityVersion) return;
    this.drawn = store.equityVersion;
    const data: uPlot.AlignedData = [store.equity.map((p) => p[0] / 1000), store.equity.map((p) => p[1])];
    if (this.plot) this.plot.setData(data);
    else this.plot = this.create(data);
    this.tell();
  }
}
