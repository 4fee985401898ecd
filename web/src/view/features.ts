// The 142 numbers the model sees, in six blocks. Colour: distance from the cell's own recent mean in standard deviations
// (last ten minutes of frames), blue below, orange above, outlined beyond three; a missing value is hatched.

import { card, el, setAged, setAttribute, setText, type View } from "../dom";
import { age, clock, compact, dash, signed } from "../format";
import type { FeatureText, Frame, VoidView } from "../model";
import type { Store } from "../store";

const scoreMax = 3;
const unusualShown = 8;

interface Cell {
  node: HTMLElement;
  value: HTMLElement;
  text: FeatureText;
}

export class FeaturesView implements View {
  readonly node: HTMLElement;
  private readonly grid = el("div", { class: "blocks", role: "group", "aria-label": "Features; arrow keys move" });
  private readonly summary = el("div", { class: "readout" });
  private readonly detail = el("aside", { class: "detail", "aria-live": "polite" });
  private readonly hunt = el("input", { type: "search", placeholder: "Find a feature", "aria-label": "Find a feature" });
  private cells: Cell[] = [];
  private focused = -1;
  private frame: Frame | null = null;
  private store: Store | null = null;

  constructor() {
    const { node, tools } = card(
      "Features",
      "features",
      this.summary,
      el("div", { class: "features-body" }, this.grid, this.detail),
    );
    tools.append(this.hunt);
    this.node = node;
    this.hunt.addEventListener("input", () => this.filter());
    this.grid.addEventListener("pointerover", (event) => this.look((event.target as HTMLElement).closest<HTMLElement>(".cell")));
    this.grid.addEventListener("pointerleave", () => this.look(document.activeElement?.closest<HTMLElement>(".cell") ?? null));
    this.grid.addEventListener("focusin", (event) => this.look((event.target as HTMLElement).closest<HTMLElement>(".cell")));
    this.grid.addEventListener("focusout", () => this.look(null));
    this.grid.addEventListener("keydown", (event) => this.walk(event));
  }

  private build(texts: readonly FeatureText[]): void {
    const blocks = new Map<string, { node: HTMLElement; count: HTMLElement; n: number }>();
    for (const text of texts) {
      let block = blocks.get(text.engine);
      if (!block) {
        const count = el("span", { class: "muted" });
        const cells = el("div", { class: "cells" });
        this.grid.append(el("section", { class: "block" }, el("h3", {}, text.engine.replaceAll("_", " "), " ", count), cells));
        block = { node: cells, count, n: 0 };
        blocks.set(text.engine, block);
      }
      block.n += 1;
      const value = el("span", { class: "cell-value" }, dash);
      const node = el(
        "div",
        { class: "cell", tabindex: this.cells.length === 0 ? "0" : "-1", role: "img", "data-index": String(text.id - 1) },
        el("span", { class: "cell-name" }, text.name),
        value,
      );
      block.node.append(node);
      this.cells.push({ node, value, text });
    }
    for (const block of blocks.values()) setText(block.count, String(block.n));
  }

  private filter(): void {
    const wanted = this.hunt.value.trim().toLowerCase();
    for (const cell of this.cells) cell.node.hidden = wanted !== "" && !`${cell.text.id} ${cell.text.name}`.includes(wanted);
  }

  private walk(event: KeyboardEvent): void {
    const shown = this.cells.filter((cell) => !cell.node.hidden);
    const here = shown.findIndex((cell) => cell.node === document.activeElement);
    if (here < 0) return;
    const box = shown[here]?.node.getBoundingClientRect();
    let next = here;
    if (event.key === "ArrowRight") next = here + 1;
    else if (event.key === "ArrowLeft") next = here - 1;
    else if (event.key === "Home") next = 0;
    else if (event.key === "End") next = shown.length - 1;
    else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && box) {
      const down = event.key === "ArrowDown";
      const rows = shown
        .map((cell, i) => ({ i, rect: cell.node.getBoundingClientRect() }))
        .filter(({ rect }) => (down ? rect.top > box.top + 2 : rect.top < box.top - 2));
      const nearest = rows.sort((a, b) => Math.abs(a.rect.top - box.top) - Math.abs(b.rect.top - box.top) || Math.abs(a.rect.left - box.left) - Math.abs(b.rect.left - box.left))[0];
      next = nearest?.i ?? here;
    } else return;
    event.preventDefault();
    const target = shown[Math.min(shown.length - 1, Math.max(0, next))];
    if (!target) return;
    for (const cell of this.cells) setAttribute(cell.node, "tabindex", cell === target ? "0" : "-1");
    target.node.focus();
  }

  private look(cell: HTMLElement | null): void {
    this.focused = cell ? Number(cell.dataset["index"]) : -1;
    setAttribute(this.detail, "data-looking", cell ? "" : null);
    this.describe();
  }

  private voids(): VoidView[] {
    return (this.store?.message?.voids ?? []).filter((view) => view.symbol === this.store?.selected);
  }

  private describe(): void {
    const text = this.cells[this.focused]?.text;
    if (!text) {
      this.describeUnusual();
      return;
    }
    const value = this.frame?.values[this.focused] ?? null;
    const score = this.frame?.scores[this.focused] ?? null;
    const empty = value == null ? this.voids().find((view) => view.features.includes(text.name)) : undefined;
    const why: [string, string][] = empty
      ? [
          ["missing because", empty.cause],
          ["until, at best", empty.until_ms == null ? dash : clock(empty.until_ms)],
        ]
      : [];
    const rows: [string, string][] = [
      ...why,
      ["value", value == null ? "missing now" : String(value)],
      ["unit", text.unit || dash],
      ["against last 10 min", score == null ? "too early to say" : `${signed(score, 2)} σ`],
      ["window", text.window || dash],
      ["missing when", text.undefined || dash],
      ["age", age(this.store?.ageMs(this.frame?.at_ms) ?? null)],
    ];
    this.detail.replaceChildren(
      el("h3", {}, `${text.id} ${text.name}`),
      el("p", {}, text.definition),
      el("dl", {}, ...rows.flatMap(([name, shown]) => [el("dt", {}, name), el("dd", {}, shown)])),
    );
  }

  private describeUnusual(): void {
    const scores = this.frame?.scores ?? [];
    const most = scores
      .map((score, i) => ({ score: score ?? 0, i }))
      .filter(({ score }) => score !== 0)
      .sort((a, b) => Math.abs(b.score) - Math.abs(a.score))
      .slice(0, unusualShown);
    const list = el("ol", { class: "unusual" });
    for (const { score, i } of most)
      list.append(el("li", {}, el("span", {}, this.cells[i]?.text.name ?? ""), el("b", { class: score > 0 ? "above" : "below" }, `${signed(score, 1)} σ`)));
    const voids = this.voids();
    const empty = el("ul", { class: "voids" });
    for (const view of voids)
      empty.append(
        el(
          "li",
          { title: view.features.join(" ") },
          el("span", {}, view.cause),
          el("b", {}, `${view.features.length}${view.until_ms == null ? "" : ` until ${clock(view.until_ms)}`}`),
        ),
      );
    this.detail.replaceChildren(
      ...(voids.length > 0 ? [el("h3", {}, "No value now"), empty] : []),
      el("h3", {}, "Most unusual now"),
      most.length > 0 ? list : el("p", { class: "muted" }, "Twenty frames are needed before a value can be called unusual."),
      el("p", { class: "muted" }, "Point at a cell, or walk with Tab and the arrow keys, for its definition, unit and validity."),
      el("div", { class: "scale", "aria-hidden": "true" }, el("span", {}, "−3 σ"), el("i", {}), el("span", {}, "+3 σ"), el("em", { class: "hatched" }), el("span", {}, "missing")),
    );
  }

  update(store: Store): void {
    this.store = store;
    if (this.cells.length === 0 && store.features.length > 0) this.build(store.features);
    const symbol = store.symbols.get(store.selected);
    const frame = symbol?.frame ?? null;
    if (!symbol) return;
    setText(
      this.summary,
      frame
        ? `${symbol.name}  ·  frame ${frame.number}  ·  ${frame.values.length - frame.missing} of ${frame.values.length} valid  ·  digest ${frame.digest}`
        : `${symbol.name}: no frame yet, the book is being built`,
    );
    setAged(this.summary, frame?.at_ms);
    if (frame === this.frame) return;
    this.frame = frame;
    this.cells.forEach((cell, i) => {
      const value = frame?.values[i] ?? null;
      const score = frame?.scores[i] ?? null;
      setText(cell.value, compact(value));
      setAttribute(cell.node, "data-value", value == null ? null : String(value));
      setAttribute(cell.node, "aria-label", `${cell.text.name}: ${value == null ? "missing" : compact(value)}`);
      cell.node.classList.toggle("hatched", value == null);
      cell.node.classList.toggle("clipped", score != null && Math.abs(score) > scoreMax);
      const strength = score == null ? 0 : Math.min(1, Math.abs(score) / scoreMax);
      cell.node.style.setProperty("--strength", `${(strength * 42).toFixed(0)}%`);
      cell.node.style.setProperty("--tint", score != null && score < 0 ? "var(--blue)" : "var(--orange)");
    });
    this.describe();
  }
}
