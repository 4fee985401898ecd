// Pause, resume, reduce, cancel, flatten, kill, disconnect: two steps each, also by key (p, r, c, f, K). Focus never rests on the button that acts, and Enter alone never acts:
// the first focus is on "Keep as it is", a flatten is held for a second, and leaving HALTED is typed.

import { el, setText } from "../dom";
import { counted } from "../format";
import { sendVerb } from "../link";
import type { Store } from "../store";

const holdMs = 1_000;

interface Verb {
  verb: string;
  label: string;
  question: string;
  effect: string;
  act: string;
  hold: boolean;
}

const verbs: Record<string, Verb> = {
  pause: {
    verb: "pause",
    label: "‖ Pause",
    question: "Pause trading?",
    effect: "No new entries; open entries are cancelled. Exits and stops go on. It stays paused after a restart.",
    act: "Pause",
    hold: false,
  },
  resume: {
    verb: "resume",
    label: "▶ Resume",
    question: "Resume trading?",
    effect: "New entries are allowed again, within every risk limit.",
    act: "Resume",
    hold: false,
  },
  flatten: {
    verb: "flatten",
    label: "■ Flatten",
    question: "Cancel all orders and close all positions?",
    effect: "Every order is cancelled and every position closed reduce-only, whatever the price within the collar. Then the bot stays paused.",
    act: "Hold one second to flatten",
    hold: true,
  },
  reduce: {
    verb: "reduce",
    label: "▽ Reduce only",
    question: "Let only closing orders leave?",
    effect: "Open entries are cancelled; orders that shrink a position go on. It stays so after a restart.",
    act: "Reduce only",
    hold: false,
  },
  cancel_all: {
    verb: "cancel_all",
    label: "⊘ Cancel entries",
    question: "Cancel every open entry?",
    effect: "Entries are taken back until the venue shows none; the stops that it holds stay. Then the bot stays paused.",
    act: "Cancel entries",
    hold: false,
  },
  kill: {
    verb: "kill",
    label: "✕ Kill",
    question: "Kill: close everything and lock the bot?",
    effect:
      "Entries off, positions closed, flat verified by fills and by the account, then the stops. It stays locked over restarts until `mlbot unlock`.",
    act: "Hold one second to kill",
    hold: true,
  },
  disconnect: {
    verb: "disconnect",
    label: "⏏ Disconnect",
    question: "Kill, then close the links and end the bot?",
    effect:
      "As a kill; then every connection is closed, the key is dropped and the process ends. It does not start again before state/KILL is removed.",
    act: "Hold one second to disconnect",
    hold: true,
  },
};

/** Behind the third button: seldom wanted, and one step further away. */
const more = ["reduce", "cancel_all", "kill", "disconnect"];
const keys: Record<string, string> = { r: "reduce", c: "cancel_all", f: "flatten", K: "kill" };

export class Controls {
  readonly node = el("div", { class: "controls" });
  private readonly dialog = el("dialog", { class: "confirm", "aria-labelledby": "confirm-question" });
  private readonly question = el("h2", { id: "confirm-question" });
  private readonly effect = el("p");
  private readonly now = el("p", { class: "muted" });
  private readonly typed = el("input", { type: "text", inputmode: "numeric", autocomplete: "off", "aria-label": "Number of symbols" });
  private readonly typedBox = el("label", { class: "typed" }, "Type the number of symbols to go on: ", this.typed);
  private readonly keep = el("button", { type: "button", class: "primary" }, "Keep as it is");
  private readonly act = el("button", { type: "button", class: "danger" });
  private readonly told = el("p", { class: "told", role: "status" });
  private readonly toggle = el("button", { type: "button" }, "‖ Pause");
  private readonly flatten = el("button", { type: "button", class: "danger-outline" }, "■ Flatten");
  private readonly menu = el("dialog", { class: "confirm", "aria-label": "More ways to stop" });
  private readonly menuKeep = el("button", { type: "button", class: "primary" }, "Keep as it is");
  private readonly others = el("button", { type: "button", "aria-haspopup": "dialog" }, "More…");
  private wish: Verb | null = null;
  private mustType = "";
  private holding: ReturnType<typeof setTimeout> | null = null;
  private stopped = false;
  private halted = false;
  private symbolCount = 0;
  private summary = "";

  constructor() {
    this.dialog.append(this.question, this.effect, this.now, this.typedBox, this.told, el("div", { class: "choices" }, this.keep, this.act));
    const choices = more.map((name) => {
      const choice = el("button", { type: "button" }, verbs[name]?.label ?? name);
      choice.addEventListener("click", () => {
        this.menu.close();
        this.ask(name);
      });
      return choice;
    });
    this.menu.append(el("h2", {}, "Stop more"), el("div", { class: "choices more" }, ...choices), el("div", { class: "choices" }, this.menuKeep));
    this.menuKeep.addEventListener("click", () => this.menu.close());
    this.others.addEventListener("click", () => {
      this.menu.showModal();
      this.menuKeep.focus();
    });
    document.addEventListener("keydown", (event) => this.onKey(event));
    this.node.append(this.toggle, this.flatten, this.others, this.dialog, this.menu);
    this.toggle.addEventListener("click", () => this.ask(this.stopped ? "resume" : "pause"));
    this.flatten.addEventListener("click", () => this.ask("flatten"));
    this.keep.addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("close", () => this.letGo());
    this.act.addEventListener("click", (event) => {
      event.preventDefault();
      if (this.wish && !this.wish.hold) void this.send();
    });
    this.act.addEventListener("pointerdown", () => this.hold());
    for (const name of ["pointerup", "pointerleave", "pointercancel", "blur"]) this.act.addEventListener(name, () => this.letGo());
    this.act.addEventListener("keydown", (event) => {
      if ((event.key === " " || event.key === "Enter") && !event.repeat) this.hold();
    });
    this.act.addEventListener("keyup", () => this.letGo());
    this.typed.addEventListener("input", () => this.arm());
  }

  update(store: Store): void {
    const message = store.message;
    if (!message) return;
    this.halted = message.header.state === "HALTED" || message.header.state === "KILLED";
    this.stopped = this.halted || message.header.state === "PAUSED" || message.header.state === "REDUCE";
    this.symbolCount = store.symbols.size;
    this.summary = `Now: ${message.header.state}, ${counted(message.positions.length, "position")}, ${counted(message.orders.length, "open order")}.`;
    setText(this.toggle, (this.stopped ? verbs["resume"] : verbs["pause"])?.label ?? "");
    const silent = store.link !== "live";
    this.toggle.disabled = silent;
    this.flatten.disabled = silent;
    this.others.disabled = silent;
  }

  /** A key only ever asks; nothing is done without the second step. */
  private onKey(event: KeyboardEvent): void {
    const typing = event.target instanceof HTMLInputElement;
    if (typing || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
    if (this.dialog.open || this.menu.open || this.toggle.disabled) return;
    const name = event.key === "p" ? (this.stopped ? "resume" : "pause") : keys[event.key];
    if (name === undefined) return;
    event.preventDefault();
    this.ask(name);
  }

  private ask(name: string): void {
    const wish = verbs[name];
    if (!wish) return;
    this.wish = wish;
    this.mustType = name === "resume" && this.halted ? String(this.symbolCount) : "";
    setText(this.question, wish.question);
    setText(this.effect, wish.effect);
    setText(this.now, this.summary);
    setText(this.act, wish.act);
    setText(this.told, "");
    this.typed.value = "";
    this.typedBox.hidden = this.mustType === "";
    this.arm();
    this.dialog.showModal();
    this.keep.focus();
  }

  private arm(): void {
    this.act.disabled = this.typed.value.trim() !== this.mustType;
  }

  private hold(): void {
    if (!this.wish?.hold || this.holding !== null) return;
    this.act.classList.add("holding");
    this.holding = setTimeout(() => {
      this.letGo();
      void this.send();
    }, holdMs);
  }

  private letGo(): void {
    if (this.holding !== null) clearTimeout(this.holding);
    this.holding = null;
    this.act.classList.remove("holding");
  }

  private async send(): Promise<void> {
    if (!this.wish) return;
    this.act.disabled = true;
    setText(this.told, "Asking the bot…");
    try {
      setText(this.told, await sendVerb(this.wish.verb));
    } catch (error) {
      setText(this.told, `Not done: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.keep.focus();
  }
}
