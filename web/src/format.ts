// Numbers and times as people read them: thin-space groups, a true minus, a sign where PnL is meant, ages before
// timestamps, UTC with Z.

const thinSpace = "\u202f"; // narrow and unbreakable
const minus = "\u2212";
export const dash = "\u2013";

function group(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, thinSpace);
}

export function fixed(value: number | null | undefined, decimals: number): string {
  if (value == null) return dash;
  const text = Math.abs(value).toFixed(decimals);
  const [whole = "0", part] = text.split(".");
  const shown = part === undefined ? group(whole) : `${group(whole)}.${part}`;
  return value < 0 && Number(text) !== 0 ? minus + shown : shown;
}

export function signed(value: number | null | undefined, decimals: number): string {
  if (value == null) return dash;
  const text = fixed(value, decimals);
  return text.startsWith(minus) || Number(value.toFixed(decimals)) === 0 ? text : `+${text}`;
}

/** As many decimals as the value has, at most eight. */
export function plain(value: number | null | undefined): string {
  if (value == null) return dash;
  const decimals = (value.toFixed(8).replace(/0+$/, "").split(".")[1] ?? "").length;
  return fixed(value, decimals);
}

/** Four digits that count, for features of any scale. */
export function compact(value: number | null | undefined): string {
  if (value == null) return dash;
  const size = Math.abs(value);
  if (size !== 0 && size < 0.001) return value.toExponential(1).replace("-", minus).replace("e-", `e${minus}`);
  if (size >= 1e6) return value.toExponential(2).replace("e+", "e").replace(/^-/, minus);
  return fixed(value, size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4);
}

export function percent(part: number | null, whole: number | null, decimals = 2): string {
  return part == null || whole == null || whole === 0 ? dash : `${signed((100 * part) / whole, decimals)}%`;
}

export function age(ms: number | null): string {
  if (ms == null) return dash;
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  if (seconds < 120) return `${Math.floor(seconds)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h${String(minutes % 60).padStart(2, "0")}m` : `${Math.floor(hours / 24)}d${hours % 24}h`;
}

export function uptime(ms: number | null): string {
  if (ms == null) return dash;
  const two = (n: number) => String(Math.floor(n)).padStart(2, "0");
  const seconds = ms / 1000;
  const days = Math.floor(seconds / 86_400);
  const clock = `${two((seconds % 86_400) / 3600)}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`;
  return days > 0 ? `${days}d ${clock}` : clock;
}

export function clock(ms: number): string {
  return `${new Date(ms).toISOString().slice(11, 19)}Z`;
}

export function stamp(ms: number | null): string {
  return ms == null ? "" : new Date(ms).toISOString();
}

export function bytesOrCount(value: number): string {
  if (value >= 1e9) return `${(value / 1e9).toFixed(2)} G`;
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  return fixed(value, 0);
}

/** "1 order", "2 orders". */
export function counted(count: number, noun: string): string {
  return `${fixed(count, 0)} ${noun}${count === 1 ? "" : "s"}`;
}
