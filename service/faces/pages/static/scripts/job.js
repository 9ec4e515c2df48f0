/** Follow a job: what the page shows of it is replaced when it has changed, until it is finished. */

import { request } from "./service.js";

const PAUSE = 500;
const job = document.getElementById("progress").dataset.job;

/** Take over state, progress and files from the page as it is now. */
async function refresh() {
  const response = await fetch(location.href);
  if (!response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const id of ["state", "progress", "items"]) {
    const shown = document.getElementById(id);
    const now = fresh.getElementById(id);
    if (shown && now && shown.textContent !== now.textContent) shown.replaceChildren(...now.childNodes);
  }
}

const events = (await request(`/v1/jobs/${job}/events`)).body.getReader();
// The events tell that something has changed; what, the page says.
for (let part = await events.read(); !part.done; part = await events.read()) {
  await refresh();
  await new Promise((done) => setTimeout(done, PAUSE));
}
location.reload();
