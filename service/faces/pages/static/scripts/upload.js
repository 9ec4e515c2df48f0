/** Upload files and folders with progress: chosen, or dropped on the page. Without scripts the form does it. */

import { follow } from "./job.js";
import { t, tn } from "./messages.js";
import { at } from "./service.js";

const form = document.getElementById("upload");
const drop = document.getElementById("drop");
const sending = document.getElementById("sending");
const problem = document.getElementById("upload-problem");

document.getElementById("drop-hint").hidden = false;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const files = [...form.querySelectorAll("input[type=file]")].flatMap((input) =>
    [...input.files].map((file) => ({ file, name: file.webkitRelativePath || file.name })),
  );
  send(files);
});

document.addEventListener("dragover", (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  document.getElementById("add").open = true;
  drop.classList.add("over");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) drop.classList.remove("over");
});
document.addEventListener("drop", async (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  drop.classList.remove("over");
  // Entries are there only during the event: take them all before the first wait.
  const entries = [...event.dataTransfer.items]
    .map((item) => item.webkitGetAsEntry() ?? item.getAsFile())
    .filter(Boolean);
  try {
    send((await Promise.all(entries.map(filesOf))).flat());
  } catch (error) {
    tell(String(error.message ?? error));
  }
});

/** The files of a dropped entry, with their paths. */
async function filesOf(entry) {
  if (entry instanceof File) return [{ file: entry, name: entry.name }];
  if (entry.isFile) {
    const file = await new Promise((done, failed) => entry.file(done, failed));
    return [{ file, name: entry.fullPath.replace(/^\//, "") }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!some.length) return (await Promise.all(found.map(filesOf))).flat();
    found.push(...some);
  }
}

/** Whether a file is hidden, or kept by an operating system for itself: people choose these unknowingly. */
const isHidden = (name) => /(^|\/)(\.|__MACOSX\/|(thumbs\.db|desktop\.ini)$)/i.test(name);

/** Send files as one job, and show its progress in the library. */
function send(files) {
  problem.hidden = true;
  if (!files.length) {
    tell(t("Choose a file first."));
    return;
  }
  const shown = files.filter(({ name }) => !isHidden(name));
  const leftOut = files.length - shown.length;
  if (!shown.length) {
    tell(t("There are only hidden files, which are left out."));
    return;
  }
  files = shown;
  const body = new FormData();
  for (const { file, name } of files) body.append("files", file, name);
  const query = new URLSearchParams({ collection: form.dataset.collection, same_bytes: "skip" });
  for (const field of ["groups", "prefix"]) {
    const value = form.elements[field].value.trim();
    if (value) query.set(field, value);
  }
  const sent = new XMLHttpRequest();
  sent.open("POST", at(`/v1/ingest?${query}`));
  sent.responseType = "json";
  sent.upload.addEventListener("progress", (event) => {
    sending.querySelector("progress").value = event.lengthComputable ? event.loaded / event.total : 0;
  });
  sent.addEventListener("load", () => {
    const followed = new URLSearchParams({ collection: form.dataset.collection, job: sent.response?.job_id });
    if (leftOut) followed.set("left_out", leftOut);
    if (sent.status === 202) show(sent.response.job_id, at(`/library?${followed}`));
    else tell(sent.response?.error?.message ?? sent.statusText);
  });
  sent.addEventListener("error", () => tell(t("The upload was interrupted. Try again.")));
  sending.querySelector("p").textContent = tn("Sending {count} file …", "Sending {count} files …", files.length);
  sending.hidden = false;
  form.querySelector("[type=submit]").disabled = true;
  sent.send(body);
}

/** Show the progress of a job here: the address is that of the page with it. */
function show(job, address) {
  history.replaceState(null, "", address);
  sending.hidden = true;
  form.reset();
  form.querySelector("[type=submit]").disabled = false;
  document.getElementById("add").open = false;
  follow(job);
}

function tell(message) {
  sending.hidden = true;
  form.querySelector("[type=submit]").disabled = false;
  problem.textContent = message;
  problem.hidden = false;
}
