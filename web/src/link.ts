// Hears the bot: features once, then a WebSocket that begins with a snapshot. Reconnects for ever, at most 5 s apart.

import type { FeatureText, Message, PricePoint } from "./model";
import type { Store } from "./store";

const retryMsMin = 500;
const retryMsMax = 5_000;

async function getJson<T>(path: string): Promise<T> {
  const answer = await fetch(path, { credentials: "same-origin", cache: "no-store" });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

export class Link {
  private retryMs = retryMsMin;

  constructor(
    private readonly store: Store,
    private readonly changed: () => void,
  ) {}

  start(): void {
    void this.connect();
  }

  async loadHistory(symbol: string): Promise<void> {
    const answer = await getJson<{ prices: PricePoint[] }>(`/api/history?symbol=${encodeURIComponent(symbol)}`);
    this.store.setHistory(symbol, answer.prices);
    this.changed();
  }

  private async connect(): Promise<void> {
    try {
      if (this.store.features.length === 0) {
        const answer = await getJson<{ features: FeatureText[] }>("/api/features");
        this.store.features = answer.features;
      }
    } catch {
      this.lost();
      return;
    }
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/ws`);
    socket.onmessage = (event: MessageEvent<string>) => {
      this.store.apply(JSON.parse(event.data) as Message);
      this.store.link = "live";
      this.retryMs = retryMsMin;
      this.changed();
    };
    socket.onclose = () => this.lost();
  }

  private lost(): void {
    this.store.link = "lost";
    this.changed();
    setTimeout(() => void this.connect(), this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, retryMsMax);
  }
}

/** @returns the bot's words; throws them when it refused. */
export async function sendVerb(verb: string): Promise<string> {
  const answer = await fetch("/api/operator", {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ verb }),
  });
  const told = (await answer.json()) as { text?: string; error?: string };
  if (!answer.ok) throw new Error(told.error ?? `refused with ${answer.status}`);
  return told.text ?? "done";
}
