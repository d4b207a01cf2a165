import * as api from "../api";
import { Child, fill, h, link } from "../dom";
import * as format from "../format";
import { crumb, empty, errorBox, header, loadInto, Page, soon, table, toggle } from "../parts";

const records = (topic: api.Topic): number => topic.partitions.reduce((sum, one) => sum + one.next_offset - one.first_offset, 0);
/** Clusters of others do not tell sizes. */
const shownSize = (bytes: number | null): string => bytes === null ? "–" : format.bytes(bytes);
const size = (topic: api.Topic): string => shownSize(topic.partitions.reduce<number | null>((sum, one) => one.bytes === null ? sum : (sum ?? 0) + one.bytes, null));

export function topicsPage(): Page {
  const list = h("div", { class: "card flush" });
  const load = (): Promise<void> => loadInto(list, async () => {
    const topics = await api.get<api.Topic[]>("topics");
    if (topics.length === 0) return empty("No topic yet.", "Produce into one and it is made: ", h("code", null, "echo hello | kcat -b localhost:9092 -t greetings -P"));
    topics.sort((a, b) => Number(a.internal) - Number(b.internal) || a.name.localeCompare(b.name));
    return table("Topics", ["Topic", "Partitions", "Messages", "Size"], topics.map((topic) => [
      [link(`/topics/${api.part(topic.name)}`, { class: "strong" }, topic.name), topic.internal ? h("span", { class: "tag" }, "internal") : null],
      topic.partitions.length, format.count(records(topic)), size(topic)]), "numbers-after-1 rows");
  });
  const again = soon(() => void load(), 500);
  const end = api.on("flow", again);
  const endGap = api.on("gap", again);
  void load();
  return { title: "Topics", body: h("div", null, header("Topics", "What flows through the broker."), list), leave: () => { end(); endGap(); } };
}

function shownBytes(bytes: api.Bytes | null, none: string): Child {
  if (!bytes) return h("span", { class: "quiet" }, none);
  return bytes.text !== undefined ? bytes.text : h("span", { title: "these bytes are no text" }, `0x${bytes.hex}`);
}

/** A message as one line, which opens to the whole of it. */
function messageRow(message: api.Message): HTMLTableRowElement[] {
  const detail = h("tr", { class: "detail", hidden: true });
  const button = h("button", { class: "ghost small open", type: "button", "aria-expanded": "false", "aria-label": `Show message ${message.partition}/${message.offset}`, onclick: () => {
    detail.hidden = !detail.hidden;
    button.setAttribute("aria-expanded", String(!detail.hidden));
    if (!detail.firstChild) fill(detail, h("td", { colspan: 6 }, whole(message)));
  } }, "▸");
  const row = h("tr", { "data-offset": message.offset }, h("td", null, button), h("td", { class: "num" }, message.partition), h("td", { class: "num" }, format.count(message.offset)),
    h("td", { class: "nowrap" }, h("time", { datetime: message.timestamp, title: format.moment(message.timestamp) }, format.clock(message.timestamp))),
    h("td", { class: "mono cut key" }, shownBytes(message.key, "no key")), h("td", { class: "mono cut" }, shownBytes(message.value, "delete (no value)")));
  row.addEventListener("dblclick", () => button.click());
  return [row, detail];
}

function whole(message: api.Message): HTMLElement {
  const part = (name: string, bytes: api.Bytes | null): Child => [h("h3", null, name, bytes ? h("span", { class: "quiet" }, ` ${format.bytes(bytes.size)}`) : null),
    h("pre", null, bytes ? (bytes.text !== undefined ? format.pretty(bytes.text) : bytes.hex ?? "") : "null")];
  return h("div", { class: "message" }, part("Key", message.key), part("Value", message.value),
    message.headers.length ? [h("h3", null, "Headers"), h("pre", null, message.headers.map((one) => `${one.name}: ${one.value}`).join("\n"))] : null,
    h("p", { class: "quiet" }, `partition ${message.partition}, offset ${message.offset}, ${message.timestamp}`));
}

const mostTailed = 200;

export function topicPage(name: string): Page {
  const partitions = h("section", { class: "card", "aria-label": "Partitions" });
  const body = h("tbody");
  const trouble = h("div");
  const note = h("p", { class: "quiet small", role: "status" });
  const partition = h("select", { "aria-label": "Partition" }, h("option", { value: "" }, "all partitions"));
  const from = h("select", { "aria-label": "From where" }, [["newest", "newest first"], ["oldest", "from the oldest"], ["offset", "from offset"], ["timestamp", "from time"]].map(([value, text]) => h("option", { value }, text)));
  const offset = h("input", { type: "number", min: 0, value: 0, hidden: true, "aria-label": "Offset" });
  const time = h("input", { type: "datetime-local", step: 1, hidden: true, "aria-label": "Time" });
  const search = h("input", { type: "search", placeholder: "Search keys and values", "aria-label": "Search keys and values" });
  let tailing = true;

  function query(): string {
    const wanted = new URLSearchParams({ from: from.value, limit: "100" });
    if (partition.value) wanted.set("partition", partition.value);
    if (search.value) wanted.set("search", search.value);
    if (from.value === "offset") wanted.set("position", offset.value || "0");
    if (from.value === "timestamp") wanted.set("position", String(time.value ? new Date(time.value).getTime() : 0));
    return wanted.toString();
  }

  async function loadMessages(): Promise<void> {
    try {
      const messages = await api.get<api.Message[]>(`topics/${api.part(name)}/messages?${query()}`);
      fill(trouble, messages.length ? null : empty("No message here.", search.value ? "The newest 20,000 of each partition were searched, or as many from the place chosen." : from.value === "newest" ? ["Send one: ", h("code", null, `echo '{"n":1}' | kcat -b localhost:9092 -t ${name} -P`)] : "Choose an earlier place."));
      body.replaceChildren(...messages.flatMap(messageRow));
      note.textContent = messages.length ? `${messages.length} messages shown.` : "";
    } catch (error) {
      fill(trouble, errorBox(error));
      body.replaceChildren();
    }
  }

  async function loadTopic(): Promise<void> {
    await loadInto(partitions, async () => {
      const topic = (await api.get<api.Topic[]>("topics")).find((one) => one.name === name);
      if (!topic) return empty("There is no such topic.", "It may have been deleted.");
      if (partition.options.length - 1 !== topic.partitions.length) {
        partition.append(...topic.partitions.slice(partition.options.length - 1).map((one) => h("option", { value: one.id }, `partition ${one.id}`)));
      }
      return [h("div", { class: "card-head" }, h("h2", null, "Partitions"), h("span", { class: "quiet" }, `${format.count(records(topic))} messages · ${size(topic)}`)),
        table("Partitions", ["Partition", "First offset", "Next offset", "Messages", "Size"], topic.partitions.map((one) => [one.id, format.count(one.first_offset),
          format.count(one.next_offset), format.count(one.next_offset - one.first_offset), shownSize(one.bytes)]), "numbers rows")];
    });
  }

  const liveSwitch = toggle("Live tail", true, (on) => setTail(on));
  function setTail(on: boolean): void {
    tailing = on;
    liveSwitch.setAttribute("aria-checked", String(on));
    if (on && from.value !== "newest") from.value = "newest", draw();
    api.follow(on ? { topic: name } : {});
    if (on) void loadMessages();
  }
  function draw(): void {
    offset.hidden = from.value !== "offset";
    time.hidden = from.value !== "timestamp";
  }
  from.addEventListener("change", () => {
    draw();
    if (from.value !== "newest" && tailing) setTail(false);
    void loadMessages();
  });
  for (const input of [partition, offset, time]) input.addEventListener("change", () => void loadMessages());
  search.addEventListener("change", () => {
    if (search.value && tailing) setTail(false);
    void loadMessages();
  });

  const freshTopic = soon(() => void loadTopic(), 1000);
  const ends = [
    api.on("messages", (event) => {
      if (!tailing) return;
      freshTopic();
      fill(trouble);
      const wanted = event.messages.filter((one) => !partition.value || String(one.partition) === partition.value);
      for (const message of wanted) {
        const [row, detail] = messageRow(message);
        row.classList.add("fresh");
        body.prepend(row, detail);
      }
      while (body.childElementCount > 2 * mostTailed) body.lastElementChild?.remove();
      note.textContent = event.skipped ? `${format.count(event.skipped)} messages came too fast to show.` : `${body.childElementCount / 2} messages shown.`;
    }),
    api.on("gap", () => { void loadTopic(); void loadMessages(); }),
  ];
  api.follow({ topic: name });
  void loadTopic();
  void loadMessages();
  return {
    title: name,
    body: h("div", null, header([crumb("/topics", "Topics"), name], null, h("label", { class: "inline" }, liveSwitch, "live")), partitions,
      h("section", { class: "card", "aria-label": "Messages" },
        h("div", { class: "card-head" }, h("h2", null, "Messages"), h("div", { class: "actions" }, search, partition, from, offset, time)),
        h("div", { class: "table-scroll", tabindex: 0, role: "region", "aria-label": "Messages" }, h("table", { class: "messages rows" },
          h("thead", null, h("tr", null, ["", "Part.", "Offset", "Time", "Key", "Value"].map((column) => h("th", { scope: "col" }, column)))), body)),
        trouble, note)),
    leave: () => ends.forEach((end) => end()),
  };
}

