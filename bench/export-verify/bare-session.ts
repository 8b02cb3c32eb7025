import { InferenceSession, Tensor } from 'onnxruntime-node';

// onnxruntime-node with its own defaults, in a process of its own that waits: opens a model and runs it once.

/** What is asked for. */
export interface BareSessionRequest {
  readonly modelPath: string;
  /** Positions of the one run. */
  readonly batch: number;
}

async function openAndRun({ modelPath, batch }: BareSessionRequest): Promise<void> {
  const session = await InferenceSession.create(modelPath);
  const values = new Float32Array(batch * 14 * 8 * 8).map((_, index) => index % 2);
  await session.run({ board_input: new Tensor('float32', values, [batch, 14, 8, 8]) });
}

process.on('message', (request: BareSessionRequest) => {
  void openAndRun(request).then(() => process.send?.('done'));
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
