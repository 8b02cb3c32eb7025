import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../../tests/fixtures', import.meta.url));

/** What PyTorch computed from a fixture: float32 outputs for {@link expectedInput}. */
export interface ExpectedOutputs {
  readonly policy: Float32Array;
  readonly value: Float32Array;
}

/** A checkpoint that a real PyTorch wrote. */
export interface Fixture {
  /** `torch-2.13/checkpoint.pt` and so on. */
  readonly label: string;
  readonly name: string;
  readonly path: string;
  readonly torch: string;
}

const REFUSED = new Set(['torchscript.pt', 'whole_module.pt']);

/** Every checkpoint of every PyTorch version that can be read. */
export const FIXTURES: readonly Fixture[] = ['torch-1.13', 'torch-2.6', 'torch-2.13'].flatMap((torch) =>
  readdirSync(join(FOLDER, torch))
    .filter((name) => name.endsWith('.pt') && !REFUSED.has(name))
    .map((name) => ({ label: `${torch}/${name}`, name, path: join(FOLDER, torch, name), torch })),
);

/** Path of a fixture of the newest PyTorch. */
export function fixturePath(name: string): string {
  return join(FOLDER, 'torch-2.13', name);
}

/** The input `[3, 14, 8, 8]` that PyTorch was given, and what it computed from a fixture. */
export function expectedOf({ torch, name }: Fixture): { input: Float32Array; outputs: ExpectedOutputs } {
  const expected = JSON.parse(readFileSync(join(FOLDER, torch, 'expected.json'), 'utf8'));
  const { policy, value } = expected.files[name];
  return { input: floats(expected.input), outputs: { policy: floats(policy), value: floats(value) } };
}

function floats(base64: string): Float32Array {
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'));
  return new Float32Array(bytes.buffer);
}
