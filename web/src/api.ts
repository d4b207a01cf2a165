// Talking to the server: requests with the session's token, errors with code and hint, and the stream of events.

export interface ErrorInfo { code: string; title: string; message: string; hint: string; blame?: string; text?: string }
export interface Session { user: string; csrf: string; default_password: boolean }
export interface Task { id: string; upstream: string[]; trigger_rule: string; retries: number }
export interface Dag {
  id: string; description: string; schedule: string; time_zone: string; paused: boolean; max_active_runs: number;
  next_run: string | null; tasks: Task[];
}
export interface Run {
  dag_id: string; run_id: string; type: string; state: string; number: number; triggered_by: string; logical_date: string;
  queued_at: string; started_at: string | null; ended_at: string | null; conf: string;
}
export interface TaskInstance {
  dag_id: string; run_id: string; task_id: string; state: string; try_number: number; max_tries: number;
  started_at: string | null; ended_at: string | null; retry_at: string | null; error_code: string; error: string; hint: string;
}
export interface GridRun { run: Run; tasks: TaskInstance[] }
export interface LogLine { offset: number; at: string; level: string; text: string }
export interface LogAppended { dag_id: string; run_id: string; task_id: string; try_number: number; line: LogLine }
export interface Partition { id: number; first_offset: number; next_offset: number; bytes: number | null }
export interface Topic { name: string; internal: boolean; partitions: Partition[] }
export interface Bytes { text?: string; hex?: string; size: number }
export interface Message {
  partition: number; offset: number; timestamp: string; key: Bytes | null; value: Bytes | null; headers: { name: string; value: string }[];
}
export interface Group {
  name: string; state: string; members: { client_id: string; host: string; partitions: { topic: string; partition: number }[] }[];
  offsets: { topic: string; partition: number; committed: number; end: number }[];
}
export interface Column { name: string; type: string; kind: string }
export interface Table { keyspace: string; name: string; system: boolean; columns: Column[] }
export interface RowsPage { next: string; rows: (string | null)[][] }
export interface SubjectList { compatibility: string; subjects: string[] }
export interface SchemaVersion { version: number; id: number; type: string; schema: string }
export interface Subject { name: string; compatibility: string; older: number; versions: SchemaVersion[] }
export interface FlowNode {
  id: string; kind: string; title: string; detail: string; sql: string; state: string; records: number;
  counters: { name: string; value: number }[]; error: ErrorInfo | null;
}
export interface FlowEdge { from: string; to: string; records: number }
export interface Flow { pipeline: string; file: string; profile: string; nodes: FlowNode[]; edges: FlowEdge[] }
export interface Status {
  version: string; data_directory: string; started_at: string; memory_bytes: number; endpoints: { name: string; at: string; external: boolean }[];
}

/** What the server said no with; or that it did not answer. */
export class ApiError extends Error {
  constructor(readonly info: ErrorInfo, readonly status: number) { super(info.message); }
}

let session: Session | null = null;
export const currentSession = (): Session | null => session;
export function setSession(value: Session | null): void { session = value; }
/** Called when the server does not know our session any more. */
let onSessionLost = (): void => {};
export function whenSessionLost(callback: () => void): void { onSessionLost = callback; }

async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = {};
  if (session) headers["X-CSRF-Token"] = session.csrf;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch("/api/streamops/" + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new ApiError({ code: "", title: "no answer", message: "StreamOps does not answer.", hint: "Is it still running? Start it with: streamops up" }, 0);
  }
  const text = await response.text();
  if (response.ok) return JSON.parse(text) as T;
  let info: ErrorInfo = { code: "", title: "", message: `The server answered ${response.status}.`, hint: "" };
  try { info = (JSON.parse(text) as { error: ErrorInfo }).error; } catch { /* not ours: the status must do */ }
  if (response.status === 401 && path !== "login" && path !== "session") onSessionLost();
  throw new ApiError(info, response.status);
}

export const get = <T>(path: string): Promise<T> => request<T>("GET", path);
export const post = <T>(path: string, body: unknown = {}): Promise<T> => request<T>("POST", path, body);
export const part = encodeURIComponent;
export const runPath = (dag: string, run: string): string => `dags/${part(dag)}/runs/${part(run)}`;

// --- Events -------------------------------------------------------------------------------------------------------

export interface Events {
  dag: Dag; run: Run; task: TaskInstance; log: LogAppended; flow: Flow; messages: { skipped: number; messages: Message[] };
  /** Something may have been missed: load everything again. */
  gap: unknown;
  /** The connection came up or went down. */
  link: boolean;
}
type Name = keyof Events;
const listeners = new Map<Name, Set<(value: never) => void>>();
let source: EventSource | null = null;
let wanted = "";
let wasDown = false;

/** Calls `listener` for each event of this name until the returned function is called. */
export function on<N extends Name>(name: N, listener: (value: Events[N]) => void): () => void {
  const set = listeners.get(name) ?? new Set();
  listeners.set(name, set);
  set.add(listener as (value: never) => void);
  return () => set.delete(listener as (value: never) => void);
}

function tell<N extends Name>(name: N, value: Events[N]): void {
  for (const listener of [...(listeners.get(name) ?? [])]) (listener as (value: Events[N]) => void)(value);
}

/** Opens the stream, or opens it anew when another task or topic is looked at. */
export function follow(filter: Record<string, string> = {}): void {
  const query = new URLSearchParams(filter).toString();
  if (source && query === wanted) return;
  close();
  wanted = query;
  const opened = new EventSource("/api/streamops/events" + (query ? "?" + query : ""));
  source = opened;
  for (const name of ["dag", "run", "task", "log", "flow", "messages", "gap"] as Name[]) {
    opened.addEventListener(name, (event) => tell(name, JSON.parse((event as MessageEvent<string>).data) as never));
  }
  opened.onopen = () => {
    tell("link", true);
    if (wasDown) tell("gap", {});
    wasDown = false;
  };
  opened.onerror = () => {
    wasDown = true;
    tell("link", false);
    // The browser tries again by itself, unless it was told no; then we ask whether the session is still good.
    if (opened.readyState === EventSource.CLOSED && source === opened) {
      source = null;
      get<Session>("session").then((known) => known.user ? setTimeout(() => follow(filter), 2000) : onSessionLost(), () => setTimeout(() => follow(filter), 2000));
    }
  };
}

export function close(): void {
  source?.close();
  source = null;
}

// A page that is left may stay in the browser's memory for a minute. Its stream must not hold one of the six connections that a
// browser opens to one server; when the page comes back, it catches up.
addEventListener("pagehide", close);
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  wasDown = true;
  follow(Object.fromEntries(new URLSearchParams(wanted)));
});
