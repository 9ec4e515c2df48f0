/** Follow a job: the parts of the page that show what has changed are replaced, until it is finished. */

import { request } from "./service.js";

const PAUSE = 500;
const AGAIN = 2000;
const wait = (time) => new Promise((done) => setTimeout(done, time));
const progress = () => document.getElementById("progress");
const isFinished = () => !progress() || "finished" in progress().dataset;
let followed = "";

/** Follow a job until it is finished, or another one is followed. */
export async function follow(job) {
  followed = job;
  await refresh();
  while (followed === job && !isFinished()) {
    try {
      const events = (await request(`/v1/jobs/${job}/events`)).body.getReader();
      // The events tell that something has changed; what, the page says.
      for (let part = await events.read(); !part.done && followed === job; part = await events.read()) {
        await refresh();
        if (isFinished()) break;
        await wait(PAUSE);
      }
      await events.cancel();
    } catch {
      // Too many follow jobs, or the service is away: ask again.
    }
    // A job that is finished may be removed at any time.
    if (!isFinished()) await refresh();
    if (!isFinished()) await wait(AGAIN);
  }
}

/** Take over the live parts from the page as it is now. */
export async function refresh() {
  const { href } = location;
  const response = await fetch(href).catch(() => null);
  if (!response?.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  if (location.href !== href) return; // another job is followed by now
  for (const shown of document.querySelectorAll("[data-live]")) {
    const now = fresh.getElementById(shown.id);
    const hasParts = shown.querySelector("[data-live]") && now?.querySelector("[data-live]");
    if (!now || hasParts || isInUse(shown) || shown.outerHTML === now.outerHTML) continue;
    for (const { name } of [...shown.attributes]) if (!now.hasAttribute(name)) shown.removeAttribute(name);
    for (const { name, value } of now.attributes) shown.setAttribute(name, value);
    shown.replaceChildren(...now.childNodes);
    shown.dispatchEvent(new Event("refreshed", { bubbles: true }));
  }
}

/** Whether somebody chooses in a part, or is at a link of it with the keyboard. */
const isInUse = (part) => part.querySelector("input:checked") || part.contains(document.activeElement);

if (!isFinished()) follow(progress().dataset.job);
