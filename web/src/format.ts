// Numbers, times and states for people.

export const count = (value: number): string => value.toLocaleString("en-US");

export function bytes(value: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) { value /= 1000; unit += 1; }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export function rate(perSecond: number): string {
  if (perSecond <= 0) return "0/s";
  if (perSecond < 10) return `${perSecond.toFixed(1)}/s`;
  return `${count(Math.round(perSecond))}/s`;
}

export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${ms < 10_000 ? (ms / 1000).toFixed(1) : seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}

const pad = (value: number, width = 2): string => String(value).padStart(width, "0");

/** "14:03:07.512" */
export function clock(iso: string, millis = true): string {
  const at = new Date(iso);
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}${millis ? "." + pad(at.getMilliseconds(), 3) : ""}`;
}

/** "2026-11-22 14:03:07" */
export function moment(iso: string): string {
  const at = new Date(iso);
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${clock(iso, false)}`;
}

/** "in 3 h 12 min", "12 s ago" */
export function relative(iso: string): string {
  const ms = new Date(iso).getTime() - Date.now();
  if (Math.abs(ms) < 1500) return "now";
  const seconds = Math.round(Math.abs(ms) / 1000);
  const text = seconds < 60 ? `${seconds} s` : duration(seconds * 1000);
  return ms > 0 ? `in ${text}` : `${text} ago`;
}

const presets: Record<string, string> = {
  "@once": "once", "@hourly": "every hour", "@daily": "every day at 00:00", "@weekly": "every Sunday at 00:00",
  "@monthly": "on the 1st of every month at 00:00", "@quarterly": "every three months", "@yearly": "on 1 January",
  "@continuous": "again and again", none: "by hand only",
};

/** "@daily" -> "every day at 00:00 UTC" */
export function schedule(text: string, zone: string): string {
  const plain = presets[text];
  if (!plain) return `${text} (${zone})`;
  return plain.includes(":") ? `${plain} ${zone}` : plain;
}

const states: Record<string, string> = {
  none: "not started", up_for_retry: "waits for its retry", upstream_failed: "failed before it", success: "success",
};
export const stateText = (state: string): string => states[state] ?? state.replace(/_/g, " ");

/** How long a run or a task took, or has been running. */
export function took(item: { started_at: string | null; ended_at: string | null }): string {
  if (!item.started_at) return "";
  const end = item.ended_at ? new Date(item.ended_at).getTime() : Date.now();
  return duration(end - new Date(item.started_at).getTime());
}

/** JSON with indents, or the text as it is. */
export function pretty(text: string): string {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}
