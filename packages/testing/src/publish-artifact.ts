import { randomBytes } from 'node:crypto';
import {
  type ArtifactDraft,
  type ArtifactName,
  type ArtifactStore,
  type Manifest,
  type ManifestDraft,
  newAttempt,
} from '@caissa/storage';

/** Name of an export without its extension. */
export const STEM = 'model_v1_export_20251007_031138';
/** Name of an export in the ONNX format. */
export const ONNX: ArtifactName = { stem: STEM, format: 'onnx' };

/** What is told of an artifact in these tests. */
export function manifestDraft(jobId: string, change: Partial<ManifestDraft> = {}): ManifestDraft {
  return {
    format: 'onnx',
    model_name: 'model_v1',
    job_id: jobId,
    export_date: '2025-10-07T03:11:38Z',
    metadata: { win_rate: 0.75, nested: { list: [1, null, 'x'] } },
    warnings: [],
    ...change,
  };
}

/** Settles: the job is held. */
export const held = async () => undefined;

/** Begins an artifact for a first attempt at a job, or for one that nobody has taken over. */
export function begin(store: ArtifactStore, jobId: string, confirm = held): Promise<ArtifactDraft> {
  return store.begin(newAttempt(jobId), confirm);
}

/** Writes and publishes an artifact. */
export async function publish(
  store: ArtifactStore,
  jobId: string,
  bytes: Uint8Array = randomBytes(100),
  { name = ONNX }: { name?: ArtifactName } = {},
): Promise<Manifest> {
  const draft = await begin(store, jobId);
  await draft.write(bytes);
  return draft.commit(name, () => manifestDraft(jobId, { format: name.format }));
}

/** Writes and publishes an artifact that names its data, which lies beside it. */
export async function publishWithData(store: ArtifactStore, jobId: string, data: Uint8Array): Promise<Manifest> {
  const draft = await begin(store, jobId);
  await (await draft.beginData()).write(data);
  await draft.refer((dataFilename) => Buffer.from(`see ${dataFilename}`));
  draft.complete();
  return draft.commit(ONNX, () => manifestDraft(jobId));
}

/** The bytes of a published file, or a range of them. */
export async function readAll(store: ArtifactStore, filename: string, range?: { start: number; end: number }) {
  const file = await store.open(filename);
  const chunks: Buffer[] = [];
  for await (const chunk of file.read(range)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** All manifests, by their names. */
export async function list(store: ArtifactStore): Promise<Manifest[]> {
  const read = await Promise.all((await store.listFilenames()).map((filename) => store.readManifest(filename)));
  const found = read.filter((manifest) => manifest !== undefined);
  return found.sort((left, right) => (left.filename < right.filename ? -1 : 1));
}
