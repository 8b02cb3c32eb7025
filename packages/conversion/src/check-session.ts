import { checkOutputs, GRAPH_NAMES, NETWORK_INTERFACE, type NetworkOutputs } from '@caissa/chess';
import type { Session, TensorInfo } from '@caissa/session';
import { blameModel, VerificationError } from './verification-error.js';

/** Elements of one encoded position. */
const PLANES = [NETWORK_INTERFACE.planes, 8, 8] as const;

/** What a run of a session has shown. */
export interface SessionCheck {
  readonly outputs: NetworkOutputs;
  readonly probabilitySumError: number;
  readonly maxAbsValue: number;
}

/**
 * Checks what an open model takes and gives, runs it once on boards `[14, 8, 8]` and checks the outputs' ranges.
 * @throws VerificationError if anything is not as it must be; SessionError SESSION_EXITED or SESSION_TIMEOUT
 */
export async function checkSession(session: Session, boards: readonly Float32Array[]): Promise<SessionCheck> {
  const { policySize } = NETWORK_INTERFACE;
  checkInterfaceOf('input', session.info.inputs, [{ name: GRAPH_NAMES.input, shape: PLANES }]);
  checkInterfaceOf('output', session.info.outputs, [
    { name: GRAPH_NAMES.policy, shape: [policySize] },
    { name: GRAPH_NAMES.value, shape: [1] },
  ]);
  const outputs = await runBoards(session, boards);
  const { ok, problems, probabilitySumError, maxAbsValue } = checkOutputs(outputs, boards.length);
  if (!ok) throw new VerificationError(problems.join(' '));
  return { outputs, probabilitySumError, maxAbsValue };
}

/** @throws VerificationError if the names, types or shapes differ, or the first axis is not free */
function checkInterfaceOf(
  side: 'input' | 'output',
  found: readonly TensorInfo[],
  expected: readonly { name: string; shape: readonly number[] }[],
): void {
  const describe = (name: string, dtype: string, shape: readonly unknown[]) => `${name} ${dtype} [${shape.join(', ')}]`;
  const wanted = expected.map(({ name, shape }) => describe(name, 'float32', ['batch', ...shape]));
  const given = found.map(({ name, dtype, shape: [batch, ...rest] }) =>
    describe(name, dtype, [typeof batch === 'number' ? batch : 'batch', ...rest]),
  );
  if (wanted.sort().join() === given.sort().join()) return;
  throw new VerificationError(
    `The model's ${side} is ${given.join(' and ')}, and ${wanted.join(' and ')} is expected.`,
  );
}

async function runBoards(session: Session, boards: readonly Float32Array[]): Promise<NetworkOutputs> {
  const data = Float32Array.from(boards.flatMap((board) => [...board]));
  const feeds = { [GRAPH_NAMES.input]: { data, shape: [boards.length, ...PLANES] } };
  try {
    const { [GRAPH_NAMES.policy]: policy, [GRAPH_NAMES.value]: value } = await session.run(feeds);
    if (policy === undefined || value === undefined) throw new VerificationError('The model left out an output.');
    return { policy: policy.data, value: value.data };
  } catch (error) {
    throw blameModel(error);
  }
}
