import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tensor } from '@caissa/tensor';
import { changed, saved, smallRoot, smallStateDict } from '@caissa/testing/small-checkpoint';

/** Sizes of the models, as the settings of loaders name them. */
export const MARKED_SIZES = { EXPECTED_CHANNELS: '4', EXPECTED_BLOCKS: '1' };

/** Name of a marked model. */
export const markedName = (number: number): string => `marked_${number}`;

/** Value that a marked model gives every position; no two of the first 19 are alike. */
export const markedValue = (number: number): number => Math.tanh(biasOf(number));

const biasOf = (number: number): number => -0.9 + 0.1 * number;

/** Writes a small model whose value is the same for every position and tells which model it is. */
export async function writeMarkedModel(folder: string, number: number): Promise<void> {
  const stateDict = smallStateDict();
  const change = async (name: string, value: number) => {
    const tensor = stateDict.get(name) as Tensor;
    stateDict.set(name, await changed(tensor, (elements) => void elements.fill(value)));
  };
  await change('value_fc2.weight', 0);
  await change('value_fc2.bias', biasOf(number));
  const source = await saved(smallRoot(stateDict));
  const bytes = new Uint8Array(source.sizeBytes);
  await source.readInto(bytes, 0);
  await writeFile(join(folder, `${markedName(number)}.pt`), bytes);
}
