/** The first files: sent to the service, and followed until they can be asked. */

import { t } from "../messages.js";
import { request, requestJson } from "../service.js";

const PAUSE = 700;

/** Show the form, and send its files. */
export function uploadFirstFiles() {
  const form = document.querySelector("form.upload");
  if (!form) return;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [told, bar, button] = [".told", "progress", "button"].map((one) => form.querySelector(one));
    button.disabled = true;
    bar.hidden = false;
    told.textContent = t("Sending the files …");
    try {
      const path = `/v1/ingest?${new URLSearchParams({ collection: form.dataset.collection })}`;
      const job = await (await request(path, { method: "POST", body: new FormData(form) })).json();
      await followed(job, told, bar);
    } catch (error) {
      told.textContent = error.message;
      button.disabled = false;
      bar.hidden = true;
    }
  });
}

/** Follow a job to its end: then there is something to ask, or the reason why not. */
async function followed(job, told, bar) {
  while (["queued", "running"].includes(job.state)) {
    told.textContent = t("Reading the files: {done} of {total}", job.files);
    bar.max = job.files.total || 1;
    bar.value = job.files.done;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    job = await requestJson(job.links.self);
  }
  if (job.files.added + job.files.replaced + job.files.unchanged > 0) {
    location.reload();
    return;
  }
  const { files } = await requestJson(job.links.files);
  throw new Error(job.problem || files.map((one) => one.message).find(Boolean) || t("No file could be read."));
}
