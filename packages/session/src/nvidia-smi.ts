import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const TIMEOUT_MS = 5_000;

/**
 * What the driver's tool says of the first GPU; undefined where there is no GPU, or no tool, as in some containers.
 * @param fields as `nvidia-smi --help-query-gpu` lists them, separated by commas; values come back separated by ", ",
 *   numbers without their unit
 */
export async function queryGpu(fields: string): Promise<string | undefined> {
  try {
    const format = '--format=csv,noheader,nounits';
    const { stdout } = await promisify(execFile)('nvidia-smi', [`--query-gpu=${fields}`, format], {
      timeout: TIMEOUT_MS,
    });
    return stdout.split('\n')[0]?.trim() || undefined;
  } catch {
    return undefined;
  }
}
