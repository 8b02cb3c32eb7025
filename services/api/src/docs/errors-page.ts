import { ERROR_TABLE, type ErrorCode } from '@caissa/shared/errors';
import { addressFor, type Client } from '../http/base-path.js';
import { escapeHtml, renderPage } from '../http/own-pages.js';

/** The page that the `type` of a problem document points to: one row per code, each with an anchor of its name. */
export function renderErrorsPage(client: Client): string {
  const codes = Object.keys(ERROR_TABLE) as ErrorCode[];
  return renderPage(client, {
    title: 'Errors',
    body: `<h1>Errors</h1>
<p>Every failing request is answered with a problem document (<code>application/problem+json</code>), whose
<code>code</code> is one of these. <a href="${addressFor(client, '/api/docs')}">All routes</a></p>
<div class="scroll" tabindex="0" role="region" aria-label="Error codes">
<table>
<thead><tr><th scope="col">Code</th><th scope="col">Status</th><th scope="col">Retry may help</th><th scope="col">Meaning</th></tr></thead>
<tbody>
${codes.map(row).join('\n')}
</tbody>
</table>
</div>`,
  });
}

function row(code: ErrorCode): string {
  const { status, title, retryable } = ERROR_TABLE[code];
  const meaning = escapeHtml(ERROR_MEANINGS[code]).replace(/`([^`]+)`/g, '<code>$1</code>');
  return `<tr id="${code}"><th scope="row"><code>${code}</code></th><td>${status}</td><td>${retryable ? 'yes' : 'no'}</td><td><strong>${escapeHtml(title)}.</strong> ${meaning}</td></tr>`;
}

/** What each code means and what to do about it. Shown at `/api/docs/errors`, and in docs/errors.md. */
export const ERROR_MEANINGS: Readonly<Record<ErrorCode, string>> = {
  INVALID_REQUEST:
    'The request line, a header or the framing of the body is not valid HTTP, or the request is cut short.',
  INVALID_NAME: 'A name in the address has characters that names may not have, or is too long.',
  INVALID_BODY: 'The body is not JSON or does not fit its schema. `errors` names each place.',
  INVALID_PARAMETER: 'A query parameter or a header does not fit its schema. `errors` names each one.',
  INVALID_POSITION: 'A position is not valid FEN, or no position of chess. `errors` names each one.',
  UNAUTHENTICATED: 'No access key or session was sent, or one that is not known. Send a key, or sign in.',
  FORBIDDEN:
    'The key is a viewer’s and the route is for operators, a page of another origin sent the request, or the API is open to this machine only and was called by another name.',
  ROUTE_NOT_FOUND: 'The address is not one of this API’s. See `/api/docs`.',
  MODEL_NOT_FOUND: 'No checkpoint of this name lies in the model folder. `GET /api/model/list` shows those that do.',
  EXPORT_NOT_FOUND:
    'No export of this file name exists, or it was removed. `GET /api/model/exports` shows those there are.',
  JOB_NOT_FOUND: 'No job has this id. Finished jobs are forgotten after seven days.',
  JOB_FORGOTTEN:
    'The job is over and was among the oldest of more finished jobs than are kept (`KEEP_JOBS`), or was removed by an operator. What it made is still there. An `Idempotency-Key` whose job is not kept any more does not begin its work again.',
  ACTIVATION_NOT_FOUND:
    'No activation of this generation made a model active, or there is none to go back to. `GET /api/model/activations` shows those there were.',
  METHOD_NOT_ALLOWED: 'The address exists but not with this method. `Allow` names those it has.',
  REQUEST_TIMEOUT: 'The head of the request, or its body, did not arrive in time, and the connection was closed.',
  MODEL_EXISTS: 'A checkpoint of this name exists and is not overwritten. Choose another name.',
  JOB_FINISHED: 'The job is over, so there is nothing to cancel.',
  JOB_NOT_FAILED: 'Only a job that failed can be retried.',
  UPLOAD_NOT_FOUND:
    'No upload of this address was begun with this key, or none of its pieces arrived for a day. Begin the upload anew.',
  UPLOAD_OFFSET: 'The piece does not begin where the upload ends. `Upload-Offset` of the answer says where to go on.',
  UPLOAD_DAMAGED:
    'What arrived is longer than was announced or has another digest, and was removed. Begin the upload anew.',
  UPLOAD_BUSY: 'Another request is sending it, or has broken off without that being noticed yet. Try again soon.',
  UPLOAD_GONE:
    'A file that is refused when it is uploaded is not kept, so its check cannot be retried. Upload it again.',
  CANCELLED: 'Somebody cancelled the job. Start it again if it is still wanted.',
  SUPERSEDED:
    'Somebody asked for another activation later, and the last one asked for wins. Nothing was changed by this one.',
  NO_ACTIVE_MODEL: 'Nothing is active. Load a model first, or name the one to use.',
  MODEL_ACTIVE: 'The active model is not ended beside the others. `POST /api/model/unload` leaves nothing active.',
  MODEL_GONE:
    'Neither the converted model of that activation nor the checkpoint it was made from is there any more. Upload the checkpoint under another name and load it.',
  PRECONDITION_FAILED:
    'The exported file is another one than `If-Match` or `If-Unmodified-Since` asks for. `GET /api/model/exports` shows what there is.',
  BODY_TOO_LARGE: 'The body is larger than allowed. For checkpoints the limit is the setting `MAX_UPLOAD_MB`.',
  UNSUPPORTED_MEDIA_TYPE: 'The body is not of the media type that the route takes.',
  RANGE_NOT_SATISFIABLE: 'The range begins behind the end of the file. `Content-Range` says how long the file is.',
  EXPECTATION_FAILED: 'The `Expect` header asks for something other than `100-continue`. Leave it out.',
  IDEMPOTENCY_MISMATCH: 'The `Idempotency-Key` was sent before with another request. Use a new key for new work.',
  VERIFICATION_FAILED: 'The export was computed with and gave wrong results. No file was kept. Please report it.',
  READING_STOPPED:
    'Twice the process that read the file hung, took more memory than any checkpoint needs, or broke down. The file is not read again until it changes.',
  TOO_MANY_UPLOADS:
    'One key, or all together, have begun more uploads than may be unfinished. Finish or delete one, or wait: one that receives nothing for ten minutes makes room.',
  RATE_LIMITED: 'Too many requests came in a minute, or too many wrong keys. Wait as long as `Retry-After` says.',
  HEADERS_TOO_LARGE: 'The request line and the headers together are larger than 16 KiB. Send fewer or shorter ones.',
  INTERNAL: 'A mistake in Caissa. The log has the details under the `request_id`.',
  ARTIFACT_DAMAGED: 'The stored file has changed since it was exported. Export the model again.',
  SOURCE_CHANGED: 'The checkpoint was written to while it was read. The job is tried again by itself.',
  MODEL_BEING_WRITTEN:
    'The file changed a moment ago, as if it were being copied or saved. Try again when that is done; `being_written` in the list says whether it still changes.',
  SESSION_FAILED: 'The process that runs the model ended or did not answer. The job is tried again by itself.',
  WORKER_LOST: 'The workers that took the job ended again and again, for example for want of memory. See their logs.',
  JOB_LOST:
    'The worker was frozen or cut off for so long that another one took the job. What it had begun was removed; the job goes on.',
  NOT_OFFERED:
    'A part of the Open Inference Protocol that is not offered, such as shared memory, tracing and log settings.',
  REDIS_UNAVAILABLE:
    'Redis does not answer. Try again in a moment. Whether a request that asked for work has reached it cannot be told; with an `Idempotency-Key` it can be sent again and starts its work only once.',
  QUEUE_PAUSED:
    'An operator has paused the queue that the request needs at once. Try again when it is resumed, at `/admin/queues`. Work that can wait is accepted all the same.',
  WORKERS_BUSY: 'No worker took or finished the work in time. Try again, or run more workers.',
  NO_READY_REPLICA:
    'No loader is alive that has the model open. Try again in a moment; `GET /api/model/current` shows the loaders.',
  OVERLOADED: 'The queue of positions is full. Wait as long as `Retry-After` says, or run more loaders.',
  STORE_UNAVAILABLE:
    'The data folder or the object store cannot be used at the moment. Try again; the log has the reason.',
  STORAGE_FULL:
    'There is no space left, on the disk or in the object store. Remove exports (`POST /api/model/exports/cleanup`), then try again.',
  ZIP_AMBIGUOUS: 'The archive contradicts itself: two programs could read different things from it.',
  ZIP_ENCRYPTED: 'The archive is protected by a password. PyTorch does not write such files.',
  ZIP_LIMIT: 'The archive has more or larger entries than is sensible for a checkpoint.',
  ZIP_PATH: 'The archive names files outside its own folder.',
  ZIP_CRC: 'The bytes do not match the checksums beside them: the file was damaged. Copy it again.',
  ZIP_TRUNCATED: 'The end of the file is missing. Wait until it is wholly written, or copy it again.',
  PICKLE_OPCODE:
    'The checkpoint uses a pickle instruction that PyTorch does not write. Save it again with `torch.save`.',
  PICKLE_GLOBAL:
    'The checkpoint holds an object of a class that Caissa does not know, and `UNKNOWN_OBJECTS=refuse` asks for such files to be refused. Save a state dict instead.',
  PICKLE_DANGEROUS:
    'The checkpoint names something that no checkpoint needs and that can run programs when Python loads it. Nothing was run here. Do not load the file in Python.',
  PICKLE_CORRUPT:
    'The description of the tensors cannot be read: the file was damaged, or another program wrote it. Copy it again, or save it with `torch.save`.',
  PICKLE_LIMIT: 'The description of the tensors is larger or deeper than is sensible for a checkpoint.',
  STORAGE_SIZE: 'A tensor’s bytes are fewer or more than the checkpoint declares.',
  TENSOR_BOUNDS: 'A tensor points to bytes outside its storage.',
  OUTPUT_LIMIT: 'The result would exceed what its file format can hold.',
  NOT_A_CHECKPOINT:
    'The file is something other than a PyTorch checkpoint, or holds no weights. The message says what it is and what to do.',
  TORCHSCRIPT: 'The file is a TorchScript program. Save the model’s `state_dict()` with `torch.save`.',
  LEGACY_FORMAT: 'The file is in a format of before PyTorch 1.6 that cannot be read. Save it again with a newer one.',
  ARCHITECTURE_UNKNOWN:
    'The tensors are not those of the chess network that Caissa knows, several networks are equally likely to be meant, or there is none at the path that `weights` names.',
  ARCHITECTURE_MISMATCH:
    'A part of the network is missing, is one too many or has another shape, or the network is not what the server expects (`EXPECTED_CHANNELS`, `EXPECTED_BLOCKS`) or, with `STRICT_ARCHITECTURE=true`, what the checkpoint declares.',
  NON_FINITE_WEIGHTS: 'The weights hold NaN or infinity: the training went wrong. Use an earlier checkpoint.',
};
