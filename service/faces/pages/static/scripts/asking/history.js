/** The questions asked in this browser. They are kept here alone, and sent nowhere. */

const MOST = 30;
const owner = document.querySelector(".tools > a bdi")?.textContent ?? "";
const KEY = `loccit.asked:${document.documentElement.dataset.prefix ?? ""}:${owner}`;

function kept() {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(found) ? found.filter((one) => typeof one?.question === "string" && typeof one?.query === "string") : [];
  } catch {
    return []; // no storage here, or something else in it
  }
}

function keep(entries) {
  try {
    if (entries.length) localStorage.setItem(KEY, JSON.stringify(entries.slice(0, MOST)));
    else localStorage.removeItem(KEY);
  } catch {
    // Without storage nothing is kept.
  }
}

/** Remember the question of this page; list those before, where nothing has been asked yet. */
export function keepHistory() {
  const query = new URLSearchParams(location.search);
  const question = query.get("q")?.trim();
  if (question && document.querySelector(".answer")) {
    const search = location.search;
    keep([{ question, query: search }, ...kept().filter((one) => one.query !== search)]);
    return;
  }
  const section = document.querySelector(".history");
  const entries = kept();
  if (!section || !entries.length) return;
  const list = section.querySelector("ul");
  for (const entry of entries.slice(0, 8)) {
    const link = document.createElement("a");
    link.href = `${location.pathname}?${entry.query.replace(/^\?/, "")}`;
    link.dir = "auto";
    link.textContent = entry.question;
    const item = document.createElement("li");
    item.append(link);
    list.append(item);
  }
  section.hidden = false;
  section.querySelector("button").addEventListener("click", () => {
    keep([]);
    section.hidden = true;
    document.getElementById("q")?.focus();
  });
}
