/** The page to ask on. It works without this; scripts add the document beside the answer, and the rest. */

import { copyCitations } from "./asking/copying.js";
import { keepHistory } from "./asking/history.js";
import { openBeside } from "./asking/reader.js";
import { suggest } from "./asking/suggesting.js";
import { uploadFirstFiles } from "./asking/uploading.js";
import { writeAnswer } from "./asking/writing.js";

openBeside();
copyCitations();
keepHistory();
suggest();
uploadFirstFiles();
writeAnswer();
