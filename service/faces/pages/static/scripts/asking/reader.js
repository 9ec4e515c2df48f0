/** The document beside the answer: the viewer's page, put into a panel at the cited words. */

import { t } from "../messages.js";
import { shortcut } from "../page.js";
import { speak } from "./announcing.js";

const WIDE = matchMedia("(min-width: 64rem)");
const panel = document.getElementById("reader");
const columns = document.querySelector(".columns");
let body, opener, place, asked;

/** All links to citations, in the order of the page. */
const citations = () => [...document.querySelectorAll(".answer a.mark, .sources a.chip")];
const isCitation = (link) => link.matches(".answer a.mark, .sources a.chip, .sources a.now, .sources .also a");
const isPlain = (event) => !(event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);

/** Let citations open beside the answer where there is room; elsewhere their links open the viewer. */
export function openBeside() {
  if (!columns) return;
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a");
    if (!link || event.defaultPrevented || !isPlain(event)) return;
    const isInside = panel.contains(link) && link.pathname.includes("/view/") && link.origin === location.origin;
    if (!WIDE.matches || !(isCitation(link) || isInside)) return;
    event.preventDefault();
    open(link);
  });
  shortcut("ArrowRight", t("Next citation"), () => step(1));
  shortcut("ArrowLeft", t("Previous citation"), () => step(-1));
  shortcut("Escape", t("Close the document"), close);
  WIDE.addEventListener("change", () => WIDE.matches || close());
}

/** Go to the next or previous citation; open it, if a document is open. */
function step(by) {
  const all = citations();
  if (!all.length) return;
  const at = all.indexOf(panel.hidden ? document.activeElement : opener);
  const next = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length];
  if (!panel.hidden) open(next);
  else {
    next.closest("details")?.setAttribute("open", "");
    next.focus();
  }
}

async function open(link) {
  if (!panel.contains(link)) opener = link;
  frame();
  show(opener);
  asked?.abort();
  asked = new AbortController();
  panel.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(link.href, { signal: asked.signal });
    if (response.status === 401) throw new Error(response.statusText); // the session has ended: sign in there
    const viewer = new DOMParser().parseFromString(await response.text(), "text/html");
    await Promise.all([...viewer.querySelectorAll("head link[rel=stylesheet]")].map(adoptSheet));
    put(viewer, link.hash);
  } catch (error) {
    if (error.name === "AbortError") return;
    location.assign(link.href); // the page itself says what is wrong
  } finally {
    panel.removeAttribute("aria-busy");
  }
}

/** Make the panel visible, with its bar of buttons. */
function frame() {
  if (body) {
    panel.hidden = false;
    columns.classList.add("reading");
    return;
  }
  const bar = document.createElement("div");
  bar.className = "reader-bar";
  place = document.createElement("span");
  const [previous, next, whole, shut] = [t("Previous"), t("Next"), t("Whole page"), t("Close")].map((name) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = name;
    return made;
  });
  previous.addEventListener("click", () => step(-1));
  next.addEventListener("click", () => step(1));
  whole.addEventListener("click", () => location.assign(opener.href));
  shut.addEventListener("click", close);
  bar.append(place, previous, next, whole, shut);
  body = document.createElement("div");
  body.className = "reader-body";
  panel.replaceChildren(bar, body);
  panel.hidden = false;
  columns.classList.add("reading");
}

/** Mark which citation is open. */
function show(link) {
  const all = citations();
  for (const one of document.querySelectorAll(".columns a[aria-current]")) one.removeAttribute("aria-current");
  link.setAttribute("aria-current", "true");
  const number = link.closest("[data-number]")?.dataset.number;
  for (const one of document.querySelectorAll(".sources li[data-number]")) {
    one.classList.toggle("open", one.dataset.number === number);
  }
  place.textContent = all.includes(link) ? t("{place} of {all}", { place: all.indexOf(link) + 1, all: all.length }) : "";
}

/** Put the viewer's page into the panel. Nothing of it runs: scripts made by a parser like this never do. */
function put(viewer, hash) {
  const main = viewer.querySelector("main");
  if (!main) throw new Error("no page");
  for (const one of main.querySelectorAll("script, style, link, iframe, object, embed")) one.remove();
  for (const one of main.querySelectorAll("[autofocus]")) one.removeAttribute("autofocus");
  const article = document.createElement("div");
  article.append(...[...main.childNodes].map((node) => document.adoptNode(node)));
  body.replaceChildren(article);
  const quote = hash && (body.querySelector(".sheet rect") ?? body.querySelector("#quote"));
  panel.scrollTop = 0; // scrollIntoView would scroll the page, too
  if (quote) panel.scrollTop = quote.getBoundingClientRect().top - panel.getBoundingClientRect().top - panel.clientHeight / 3;
  panel.focus({ preventScroll: true });
  speak(t("Opened: {title}", { title: body.querySelector("h1")?.textContent ?? "" }));
}

/** Load a stylesheet of the viewer's, if this page has not; the document is shown once it is there. */
function adoptSheet(sheet) {
  const href = sheet.getAttribute("href");
  const known = [...document.querySelectorAll("link[rel=stylesheet]")].map((one) => one.getAttribute("href"));
  if (!href?.includes("/static/") || known.includes(href)) return null;
  const made = document.createElement("link");
  made.rel = "stylesheet";
  made.href = href;
  const loaded = new Promise((resolve) => {
    made.addEventListener("load", resolve);
    made.addEventListener("error", resolve);
  });
  document.head.append(made);
  return loaded;
}

function close() {
  if (panel.hidden) return;
  asked?.abort();
  panel.hidden = true;
  columns.classList.remove("reading");
  for (const one of document.querySelectorAll("a[aria-current=true]")) one.removeAttribute("aria-current");
  for (const one of document.querySelectorAll(".sources li.open")) one.classList.remove("open");
  opener?.focus();
}
