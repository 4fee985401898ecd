// Word, sign and meaning of each state: never colour alone.

export interface StateLook {
  sign: string;
  tone: string; // CSS: tone-<this>
  means: string;
}

const looks: Record<string, StateLook> = {
  LIVE: { sign: "●", tone: "green", means: "trading real money" },
  PAPER: { sign: "◌", tone: "blue", means: "simulated fills on live data" },
  SHADOW: { sign: "◐", tone: "cyan", means: "scores only, sends nothing" },
  PAUSED: { sign: "‖", tone: "yellow", means: "no entries, exits go on" },
  REDUCE: { sign: "‖", tone: "yellow", means: "only what shrinks a position" },
  KILLED: { sign: "■", tone: "red", means: "closed for good: an unlock with a cause ends it" },
  HALTED: { sign: "■", tone: "red", means: "stopped: flat or flattening" },
  DEGRADED: { sign: "▲", tone: "orange", means: "a gate is amber, size halved" },
  BLIND: { sign: "✕", tone: "magenta", means: "feed or account data stale" },
};

export function lookOfState(state: string): StateLook {
  return looks[state] ?? { sign: "?", tone: "muted", means: "unknown state" };
}

const serviceLooks: Record<string, StateLook> = {
  running: { sign: "●", tone: "green", means: "makes progress" },
  starting: { sign: "◌", tone: "blue", means: "not there yet" },
  stalled: { sign: "▲", tone: "orange", means: "no progress" },
  failed: { sign: "✕", tone: "red", means: "ended by an error" },
  stopped: { sign: "■", tone: "muted", means: "ended on purpose" },
};

export function lookOfService(state: string): StateLook {
  return serviceLooks[state] ?? { sign: "?", tone: "muted", means: "unknown state" };
}

/** Colour of a reason: orders stand out, trouble is warned of, ordinary abstention is quiet. */
export function toneOfReason(reason: string): string {
  if (reason === "order_entry" || reason === "order_exit") return "order";
  if (["edge_below_zero", "edge_below_min", "cooldown", "position_open", "mode_shadow"].includes(reason)) return "quiet";
  return "warn";
}
