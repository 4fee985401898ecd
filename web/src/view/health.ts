// Health of each service by its progress, never by its word alone; and the log of events.

import { card, el, setAttribute, setClass, setText, type View } from "../dom";
import { age, bytesOrCount, clock } from "../format";
import type { EventLine, Service } from "../model";
import { lookOfService } from "../states";
import type { Store } from "../store";

interface ServiceNodes {
  node: HTMLElement;
  state: HTMLElement;
  progress: HTMLElement;
  detail: HTMLElement;
  counters: HTMLElement;
}

export class HealthView implements View {
  readonly node: HTMLElement;
  private readonly list = el("ul", { class: "services" });
  private readonly empty = el("p", { class: "empty" }, "No service has reported yet.");
  private readonly rows = new Map<string, ServiceNodes>();

  constructor() {
    const { node } = card("Health", "health", this.list, this.empty);
    this.node = node;
  }

  private row(service: Service): ServiceNodes {
    const known = this.rows.get(service.name);
    if (known) return known;
    const made: ServiceNodes = {
      node: el("li", { "data-service": service.name }),
      state: el("span", { class: "service-state" }),
      progress: el("span", { class: "muted" }),
      detail: el("p", { class: "service-detail" }),
      counters: el("dl", { class: "counters" }),
    };
    made.node.append(
      el("div", { class: "service-head" }, el("b", {}, service.name.replaceAll("_", " ")), made.state, made.progress),
      made.detail,
      made.counters,
    );
    this.rows.set(service.name, made);
    this.list.append(made.node);
    return made;
  }

  update(store: Store): void {
    if (!store.message) return;
    const services = store.message.services;
    this.empty.hidden = services.length > 0;
    for (const service of services) {
      const nodes = this.row(service);
      const look = lookOfService(service.state);
      setText(nodes.state, `${look.sign} ${service.state}`);
      setClass(nodes.state, `service-state tone-${look.tone}`);
      setAttribute(nodes.state, "title", look.means);
      setText(nodes.progress, service.last_progress_ms == null ? "no progress yet" : `progress ${age(store.ageMs(service.last_progress_ms))} ago`);
      setText(nodes.detail, service.detail);
      nodes.detail.hidden = service.detail === "";
      const counters = Object.entries(service.counters);
      if (nodes.counters.childElementCount !== counters.length)
        nodes.counters.replaceChildren(...counters.map(([name]) => el("div", {}, el("dt", {}, name.replaceAll("_", " ")), el("dd", {}))));
      counters.forEach(([, value], i) => {
        const shown = nodes.counters.children[i]?.lastElementChild;
        if (shown) setText(shown, bytesOrCount(value));
      });
    }
  }
}

const eventSigns: Record<string, string> = { info: "·", notice: "●", warning: "▲", critical: "✕" };

export class EventsView implements View {
  readonly node: HTMLElement;
  private readonly list = el("ol", { class: "events", tabindex: "0", role: "log", "aria-label": "Events, newest first" });
  private readonly empty = el("p", { class: "empty" }, "Nothing has happened yet.");
  private newest = -1;

  constructor() {
    const { node } = card("Events", "events-card", this.list, this.empty);
    this.node = node;
  }

  private line(event: EventLine): HTMLElement {
    return el(
      "li",
      { class: `severity-${event.severity}` },
      el("time", { datetime: new Date(event.at_ms).toISOString() }, clock(event.at_ms)),
      el("span", { class: "sign", title: event.severity }, eventSigns[event.severity] ?? "·"),
      el("span", {}, event.text),
    );
  }

  update(store: Store): void {
    if (!store.message) return;
    const lines = [...store.events.values()];
    const newest = lines[lines.length - 1]?.id ?? 0;
    this.empty.hidden = lines.length > 0;
    if (newest === this.newest) return;
    this.newest = newest;
    this.list.replaceChildren(...lines.reverse().map((event) => this.line(event)));
  }
}
