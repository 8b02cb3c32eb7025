import { type ByteSink, FormatError } from '@caissa/tensor';
import { BufferedSink } from './buffered-sink.js';
import { dataSizeBytes, encodeAroundGraph, encodeAroundInitializers, encodeTensorHead, fieldHead } from './encode.js';
import type { OnnxInitializer, OnnxModel } from './model.js';

/** Protocol buffers count a message in 31 bits; every reader refuses more. */
const MAX_MODEL_SIZE_BYTES = 2 ** 31 - 1;

/** Source: onnx.proto, ModelProto.graph, GraphProto.initializer, TensorProto.raw_data. */
const GRAPH_FIELD = 7;
const INITIALIZER_FIELD = 5;
const RAW_DATA_FIELD = 9;

/** How to watch and stop {@link writeModel}. */
export interface WriteModelOptions {
  /** Called after each piece with bytes, the last time with `bytesWritten` equal to `totalBytes`. */
  readonly onProgress?: (bytesWritten: number, totalBytes: number) => void;
  /** Stops between two pieces; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** An initializer with everything that stands before its data. */
interface PlannedInitializer {
  readonly initializer: OnnxInitializer;
  readonly head: Uint8Array;
  readonly dataSizeBytes: number;
}

/** Every byte of the file in order, but for the initializers' data. */
interface Plan {
  readonly before: readonly Uint8Array[];
  readonly initializers: readonly PlannedInitializer[];
  readonly after: readonly Uint8Array[];
  readonly sizeBytes: number;
}

/**
 * Writes a model as one protobuf message, fields in the order of their numbers, without ever holding more than one
 * piece of an initializer.
 * @throws FormatError OUTPUT_LIMIT before the first byte if the file would reach 2 GiB
 * @throws RangeError if the opset is not one of 11 to 21, or an initializer's data is not as long as its shape says
 */
export async function writeModel(
  sink: ByteSink,
  model: OnnxModel,
  options: WriteModelOptions = {},
): Promise<{ sizeBytes: number }> {
  const plan = planModel(model);
  const out = new BufferedSink(sink, plan.sizeBytes, options);
  try {
    await writePlan(out, plan);
  } finally {
    // The sink's owner may close it now: no write may be under way any more.
    await out.close();
  }
  return { sizeBytes: plan.sizeBytes };
}

async function writePlan(out: BufferedSink, plan: Plan): Promise<void> {
  for (const bytes of plan.before) await out.write(bytes);
  for (const planned of plan.initializers) {
    await out.write(planned.head);
    await writeData(out, planned);
  }
  for (const bytes of plan.after) await out.write(bytes);
  await out.flush();
}

function planModel(model: OnnxModel): Plan {
  const aroundGraph = encodeAroundGraph(model);
  const aroundInitializers = encodeAroundInitializers(model);
  const initializers = model.graph.initializers.map(planInitializer);
  const graphSizeBytes = initializers.reduce(
    (sum, { head, dataSizeBytes }) => sum + head.length + dataSizeBytes,
    aroundInitializers.before.length + aroundInitializers.after.length,
  );
  const limitedSizeBytes = checkSize(graphSizeBytes);
  const before = [aroundGraph.before, fieldHead(GRAPH_FIELD, limitedSizeBytes), aroundInitializers.before];
  const after = [aroundInitializers.after, aroundGraph.after];
  const aroundSizeBytes = [before[0], before[1], aroundGraph.after].reduce((sum, part) => sum + (part?.length ?? 0), 0);
  return { before, initializers, after, sizeBytes: checkSize(aroundSizeBytes + graphSizeBytes) };
}

function planInitializer(initializer: OnnxInitializer): PlannedInitializer {
  const sizeBytes = checkSize(dataSizeBytes(initializer));
  const tensorHead = encodeTensorHead(initializer);
  const rawDataHead = fieldHead(RAW_DATA_FIELD, sizeBytes);
  const initializerHead = fieldHead(INITIALIZER_FIELD, checkSize(tensorHead.length + rawDataHead.length + sizeBytes));
  return { initializer, head: Buffer.concat([initializerHead, tensorHead, rawDataHead]), dataSizeBytes: sizeBytes };
}

function checkSize(sizeBytes: number): number {
  if (sizeBytes > MAX_MODEL_SIZE_BYTES) {
    throw new FormatError(
      'OUTPUT_LIMIT',
      `The ONNX file would take ${sizeBytes} bytes, and one ONNX file holds less than 2 GiB; export this model as PyTorch instead.`,
    );
  }
  return sizeBytes;
}

async function writeData(out: BufferedSink, { initializer, dataSizeBytes }: PlannedInitializer): Promise<void> {
  const { data, name } = initializer;
  if (!(data instanceof Uint8Array) && typeof data === 'object') return out.copy(data, dataSizeBytes);
  let sizeBytes = 0;
  for await (const chunk of typeof data === 'function' ? data() : [data]) {
    sizeBytes += chunk.length;
    if (sizeBytes > dataSizeBytes) break;
    await out.write(chunk);
  }
  if (sizeBytes !== dataSizeBytes) {
    const found = sizeBytes > dataSizeBytes ? `more than ${dataSizeBytes}` : `${sizeBytes}`;
    throw new RangeError(`initializer ${name} gave ${found} bytes of data, its shape needs ${dataSizeBytes}`);
  }
}
