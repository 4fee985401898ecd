// Small hands for the document: elements, texts that change only when they differ, rows kept by key, ages.

import { age, stamp } from "./format";
import type { Store } from "./store";

type Child = Node | string;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(node: Element, name: string, value: string | null): void {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

export function setClass(node: Element, name: string): void {
  if (node.className !== name) node.className = name;
}

/** Marks a value with its time; refreshAges() greys it after 2 s and strikes it out after 10 s. */
export function setAged(node: HTMLElement, atMs: number | null | undefined): void {
  setAttribute(node, "data-at", atMs == null ? null : String(atMs));
}

export function refreshAges(root: ParentNode, store: Store): void {
  for (const node of root.querySelectorAll<HTMLElement>("[data-at]")) {
    const ms = store.ageMs(Number(node.dataset["at"]));
    const level = ms == null || ms <= 2_000 ? null : ms <= 10_000 ? "stale" : "old";
    setAttribute(node, "data-aged", level);
    setAttribute(node, "data-age", level === "old" ? age(ms) : null);
    node.title = `${stamp(Number(node.dataset["at"]))}, ${age(ms)} old`;
  }
}

export interface Column<T> {
  title: string;
  kind?: "number" | "text";
  hint?: string;
  show: (cell: HTMLTableCellElement, row: T) => void;
}

/** A table that keeps its rows by key, so that focus and selection stay where they are. */
export class Table<T> {
  readonly node: HTMLElement;
  private readonly body = el("tbody");
  private readonly rows = new Map<string, HTMLTableRowElement>();
  private readonly empty: HTMLElement;

  constructor(
    caption: string,
    private readonly columns: Column<T>[],
    private readonly key: (row: T) => string,
    empty: string,
    private readonly decorate: (row: HTMLTableRowElement, item: T) => void = () => {},
  ) {
    const head = el("tr");
    for (const column of columns) {
      const cell = el("th", { scope: "col", class: column.kind ?? "text" }, column.title);
      if (column.hint) cell.title = column.hint;
      head.append(cell);
    }
    this.empty = el("p", { class: "empty" }, empty);
    this.node = el(
      "div",
      { class: "table-box", tabindex: "0", role: "region", "aria-label": caption },
      el("table", {}, el("caption", { class: "unseen" }, caption), el("thead", {}, head), this.body),
      this.empty,
    );
  }

  update(items: readonly T[]): void {
    const seen = new Set<string>();
    let place: ChildNode | null = this.body.firstChild;
    for (const item of items) {
      const key = this.key(item);
      seen.add(key);
      let row = this.rows.get(key);
      if (!row) {
        row = el("tr", { "data-key": key });
        for (const column of this.columns)
          row.append(el("td", { class: column.kind ?? "text", "data-label": column.title }));
        this.rows.set(key, row);
      }
      if (row === place) place = row.nextSibling;
      else this.body.insertBefore(row, place);
      const cells = row.cells;
      this.columns.forEach((column, i) => {
        const cell = cells[i];
        if (cell) column.show(cell, item);
      });
      this.decorate(row, item);
    }
    for (const [key, row] of this.rows) {
      if (seen.has(key)) continue;
      row.remove();
      this.rows.delete(key);
    }
    this.empty.hidden = items.length > 0;
  }

  setEmpty(text: string): void {
    setText(this.empty, text);
  }
}

export interface View {
  readonly node: HTMLElement;
  update(store: Store): void;
}

export function card(title: string, className: string, ...children: Child[]): { node: HTMLElement; tools: HTMLElement } {
  const id = `card-${title.toLowerCase().replace(/\W+/g, "-")}`;
  const tools = el("div", { class: "tools" });
  const node = el(
    "section",
    { class: `card ${className}`, "aria-labelledby": id },
    el("header", {}, el("h2", { id }, title), tools),
    ...children,
  );
  return { node, tools };
}
