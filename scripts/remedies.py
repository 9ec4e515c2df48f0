"""Remedies of each error for the reference of errors, which adds the advice of the messages."""

from __future__ import annotations

from collections.abc import Mapping

REQUESTS: Mapping[str, str] = {
    "invalid_request": "Correct the field that the message names; `GET /docs` has the form of each request.",
    "empty_question": "Ask with words: a question needs a letter or a digit.",
    "question_too_long": "Shorten it: one or two sentences say what is asked.",
    "invalid_limit": "Use a number in the range that the message names.",
    "invalid_filter": "Compare it with the [grammar of filters](../http-api.md#filters).",
    "invalid_document_id": "Choose another id; the message says what is wrong with it.",
    "invalid_collection_name": "Choose a name of the form that the message gives.",
    "invalid_locator": "Copy the whole locator from a citation: `{document_id}@{hash}:{start}-{end}`.",
    "invalid_metadata": "Use a flat object: names with strings, numbers, booleans, or lists of them.",
    "invalid_group": "Use printable characters without commas, and no white space at an end.",
    "invalid_source": "Correct what the message names; [sources](../sources.md) has what each kind needs.",
    "removal_refused": "If it is meant, do what the message says; otherwise look why so much is missing.",
    "document_id_taken": "Choose another id, or use a key that has the document's "
    "[group](../access.md#groups).",
    "moment_too_large": "Ask as of a state with fewer passages, or raise the limit.",
    "not_supported": "Ask without it: the message names what the engine cannot do.",
    "hash_collision": "Change the text, if only by a blank line, or choose another id.",
    "unauthorized": "Send a valid key as `Authorization: Bearer KEY`, or [make one](../access.md#keys).",
    "sign_in_failed": "Sign in again. If it happens again, compare the client at the provider with "
    "[OpenID Connect](../access.md#openid-connect).",
    "forbidden": "Use a key with the [scope](../access.md#keys) that the message names.",
    "route_not_found": "Compare the address with the [list of operations](http.md).",
    "method_not_allowed": "Use the method that the `Allow` header of the reply names.",
    "encoded_body": "Send the body without a `Content-Encoding`.",
    "body_too_large": "Send less at once, or raise `LOCCIT_MAX_BODY_BYTES` or `LOCCIT_MAX_UPLOAD_BYTES`.",
    "range_not_satisfiable": "Ask for a range inside the size that `Content-Range` of the reply gives.",
    "body_timeout": "Send faster, or raise `LOCCIT_BODY_SECONDS`.",
    "cross_site_request": "Call the API from your own server, or name the page's origin in "
    "`LOCCIT_CORS_ORIGINS`.",
    "host_not_allowed": "[Make a key](../access.md#keys), or add the name to `LOCCIT_ALLOWED_HOSTS`.",
    "client_gone": "Nothing: the client gave up. If it happens often, raise the client's time limit.",
}
"""Errors that whoever sends the request can correct."""

MISSING: Mapping[str, str] = {
    "source_not_found": "`loccit sources list` shows those there are.",
    "collection_not_found": "Check the name, and that the key may use the collection.",
    "document_not_found": "Check the id, and that the key may read the document.",
    "original_not_found": "Ingest the file again, with `LOCCIT_KEEP_ORIGINALS=true`.",
    "page_not_found": "Check the number against the pages of citations; only PDF files have pages to draw.",
    "document_retired": "Read its versions by number; put it again to restore it.",
    "version_not_found": "`GET /v1/documents/{document_id}/versions` lists those that are kept.",
    "citation_not_found": "The version was deleted or pruned, or the locator is not whole. Look for "
    "the quote itself.",
    "change_not_found": "Use a number up to `index.change` of an answer, or `change` of the reply to a "
    "write; a collection that was deleted and made again counts from 0.",
    "change_not_kept": "Ask as of a later change, or without `as_of`.",
    "job_not_found": "`GET /v1/jobs` lists the jobs; finished ones are kept for seven days.",
    "file_not_found": "`GET /v1/files` lists the files that the key may see.",
    "no_such_model": "`GET /v1/models` lists the models.",
    "key_not_found": "Check the id: it is the part of a key between the underscores.",
    "person_not_found": "Open the person from the list on the page People: others may have forgotten it.",
}
"""Errors for what is not there, or is hidden from the key."""

DOCUMENTS: Mapping[str, str] = {
    "unsupported_format": "Convert it to one of the [formats](../formats.md). Old Office files need "
    "LibreOffice beside the service.",
    "undecodable_text": "Save the file as UTF-8, or send the right `charset`.",
    "empty_document": "Check that it is the right file. Save a page that a script makes from a browser.",
    "corrupt_document": "Open the file in the program that made it, and save it again.",
    "encrypted_document": "Retry the job with the password (`POST /v1/jobs/{job_id}/retry`), or save a copy "
    "without one.",
    "encryption_not_supported": "Save the file without a password. Office files, books with digital rights "
    "management and ZIP files with AES are not opened with one.",
    "no_text_layer": "Run text recognition on the file, or let the service do it: `LOCCIT_OCR_LANGUAGES`.",
    "reader_failed": "Try it again alone. If it fails again, save the file in another format, or raise the "
    "limits.",
    "document_too_large": "Split it, or raise the limit that the message names.",
    "invalid_url": "Use an absolute `http` or `https` address.",
    "address_refused": "Only public addresses are fetched: `LOCCIT_WEB_NETWORKS` adds networks.",
    "refused_by_robots": "Ask the site's owner to allow it, or upload the page as a file.",
    "outside_crawl": "Begin the crawl at a shorter path, or add another crawl.",
    "already_fetched": "Nothing: the page is taken in from its own address.",
    "media_type_refused": "Name the address itself in `urls` if it is a document.",
    "page_too_large": "Download it and upload it as a file.",
    "invalid_sitemap": "Give the address of a sitemap, a sitemap index, or a list of addresses.",
    "fetch_failed": "Check that the address answers, then retry the job.",
    "fetch_timed_out": "Retry the job when the server is faster, or upload the file.",
    "unexpected_status": "Check the address in a browser: the message has the status.",
}
"""Errors of a document that cannot be read or fetched."""

OPERATION: Mapping[str, str] = {
    "collection_mismatch": "Install or name the model that the message names, or upgrade the collection.",
    "upgrade_begun": "Let it go on, or cancel it with `loccit upgrade --cancel`.",
    "collection_busy": "Try again: another process writes. `Retry-After` says when.",
    "job_not_finished": "Wait for its end, or cancel it first.",
    "overloaded": "Try again after `Retry-After`. If it happens often, see "
    "[limits and load](../load-and-models.md#limits-and-load).",
    "rate_limited": "Try again after `Retry-After`, or give the key a higher `--rate`.",
    "spool_full": "Delete jobs whose refused files nobody will retry, raise `LOCCIT_MAX_SPOOL_BYTES`, or "
    "free disk space.",
    "disk_read_only": "Mount the disk of the data folder for writing, then try again.",
    "disk_full": "Free some of the disk, then try again.",
    "not_ready": "Wait: `GET /readyz` says what is missing. If the model failed to load, the log "
    "has the reason.",
    "provider_unavailable": "Try again after `Retry-After`. If it stays, the log says what the provider of "
    "[OpenID Connect](../access.md#openid-connect) answered.",
    "writer_failed": "Check `LOCCIT_WRITER_URL`, `LOCCIT_WRITER_MODEL` and `LOCCIT_WRITER_KEY`; the log "
    'has the endpoint\'s reply. `"mode": "extractive"` needs no model.',
    "writer_timeout": "Use a faster model, or raise `LOCCIT_WRITER_SECONDS` and the settings beside it.",
    "model_not_found": "Check the name, or put the model's files on this machine.",
    "model_damaged": "Download or copy the model again.",
    "model_failed": "Start again; the log has the model's own error.",
    "too_many_models": "Allow more, if there is memory, or upgrade collections to one model.",
    "backend_missing": "Install what the message names, or let Loccit choose.",
    "change_not_reached": "Ask again after `Retry-After`: the process that answers follows the record and is "
    "behind it ([one's own writes](../http-api.md#ones-own-writes)).",
    "index_unavailable": "Try again: it is being made anew in the background ([damage](../data.md#damage)).",
    "format_in_use": "Stop all processes of older versions, then start the new one again "
    "([upgrade](../scale.md#upgrade-without-a-stop)).",
    "source_failed": "Try again; nothing was removed. If it stays, compare the source with "
    "[what its kind needs](../sources.md#applications).",
    "source_refused": "Renew the [secret](../sources.md#secrets) of the source, or the rights of its user.",
    "store_unavailable": "Try again. If it stays, check that PostgreSQL runs and can be reached, and the "
    "address that the service has of it.",
    "objects_of_another": "The database is a copy of the one that owns these files. `loccit adopt` gives it "
    "[places of its own](../postgresql.md#a-copy-beside-the-original), `loccit adopt --take-over` makes it "
    "the owner.",
    "objects_unavailable": "Try again after `Retry-After`. If it stays, check `LOCCIT_OBJECTS`, the store, "
    "and what the [credentials](../data.md#object-stores) allow.",
    "readers_unavailable": "Try again after `Retry-After`. If it stays, the log has the reason: `/dev/shm` "
    "that cannot be written to, or a limit on processes, open files or memory.",
    "engine_unsuitable": "Install what the message names, or use a server that has it "
    "([engines](../engines.md)).",
    "ledger_failed": "Check that the file can be read and written.",
    "store_damaged": "`loccit check` says what is damaged and what `--repair` can make anew; restore a "
    "[backup](../how-to/back-up.md) for the rest.",
    "unknown_format": "Start the version of Loccit that wrote it.",
    "internal_error": "Find the `request_id` in the log; it has the reason.",
    "invalid_settings": "Correct the variable that the message names ([settings](../settings.md)).",
    "keys_lost": "Put the keys back, as a backup has them, make new ones, or say that none are needed "
    "([lost keys](../access.md#lost-keys)).",
    "data_mixed": "Put the file back that the message names, or delete it "
    "([lost files](../data.md#lost-files)).",
    "data_not_writable": "Make the folder of `LOCCIT_DATA` writable for the user of the service.",
}
"""Errors that pass by themselves, or that the operator corrects."""

COMMANDS: Mapping[str, str] = {
    "no_data": "Check `LOCCIT_DATA` or `--data`: that folder has no collection.",
    "target_in_use": "Name a new file, in a folder outside the data.",
    "backup_failed": "Check the disk and the rights of the folder that the message names.",
    "backup_damaged": "Use another backup.",
    "data_in_use": "Stop the services that have the data open, then try again.",
    "data_not_empty": "Restore into an empty folder, or replace what is there.",
    "nothing_shared": "`loccit adopt` is for [a copy of a database]"
    "(../postgresql.md#a-copy-beside-the-original) with `LOCCIT_OBJECTS`. Copies of data "
    "folders are made with `loccit backup` and `loccit restore`.",
    "stored_elsewhere": "Back up the database with the tools of PostgreSQL: [how]"
    "(../postgresql.md#back-up-and-restore).",
    "same_store": "Name two stores with `--from` and `--to`; what is left out is `LOCCIT_STORE`, or else the "
    "data folder.",
    "store_in_use": "Move to an empty database or folder, or delete what the message names there.",
    "restore_unfinished": "Run `loccit restore` again, with `--replace`.",
    "invalid_questions": "Correct the line that the message names: one JSON object, with `question`.",
    "missing_quotes": "Correct the quotes, or ingest the documents that contain them.",
    "missing_documents": "Correct the ids, or ingest the documents.",
    "evaluation_missing": "`pip install 'loccit[eval]'`, or `make setup` in a clone.",
    "address_unavailable": "Choose another port (`LOCCIT_PORT`, `--port`), or stop what listens there.",
    "key_missing": "`loccit keys create`, or set `LOCCIT_ALLOW_ANONYMOUS=true` if "
    "everyone may do everything.",
    "client_missing": "`pip install ./clients/python` in a clone: commands with `--server` need it.",
    "reply_error": "See the code in the message: it is the service's own.",
}
"""Errors that only commands print."""

CLIENT: Mapping[str, str] = {
    "connection_failed": "Check the address, and that the service runs: `GET /healthz`.",
    "invalid_reply": "Check that the address is that of Loccit, not of a proxy's own page.",
    "wait_timeout": "Wait longer, or look the job up later: it goes on.",
}
"""Errors of the Python client itself. Others have the code of the service's reply."""
