import { join } from 'node:path';
import { writeFileWhole } from '@caissa/bytes';
import { FULL_SIZE, initialStateDict } from '@caissa/chess';
import { fromJson, OrderedDict, PyDict, writeCheckpoint } from '@caissa/pytorch';

const FIRST_DAY = Date.UTC(2026, 8, 1, 6, 30);
const DAY_MS = 86_400_000;

/** Writes a checkpoint of full size that says of itself what a training run would, for pictures that tell something. */
export async function writeTrainedModel(folder: string, version: number, versions: number): Promise<void> {
  const stateDict = new OrderedDict();
  for (const [name, tensor] of initialStateDict(FULL_SIZE, version)) stateDict.set(name, tensor);
  const root = new PyDict([
    ['model_state_dict', stateDict],
    ['metadata', fromJson(metadataOf(version, version / versions))],
    ['architecture', fromJson({ num_channels: FULL_SIZE.channels, num_res_blocks: FULL_SIZE.blocks })],
  ]);
  await writeFileWhole(join(folder, `model_v${version}.pt`), (sink) => writeCheckpoint(sink, root));
}

/** @param progress from 0 to 1, how much of the run lies behind */
function metadataOf(version: number, progress: number) {
  const wiggle = Math.sin(version * 1.7);
  const policyLoss = 2.1 * Math.exp(-1.7 * progress) + 0.72 + wiggle * 0.03;
  const valueLoss = 0.7 * Math.exp(-2.4 * progress) + 0.21 + wiggle * 0.012;
  return {
    version,
    training_date: new Date(FIRST_DAY + version * DAY_MS * 1.3).toISOString().slice(0, 19),
    num_games: 400 * version,
    num_epochs: 10,
    num_positions: 28_400 * version,
    learning_rate: progress > 0.6 ? 0.0002 : 0.001,
    win_rate: round(0.34 + 0.5 * (1 - Math.exp(-2.6 * progress)) + wiggle * 0.015),
    training_loss: round(policyLoss + valueLoss),
    policy_loss: round(policyLoss),
    value_loss: round(valueLoss),
    training_session_id: '6d5b6f0e-5f0c-4f59-9e0d-6f3a4c1f2a10',
    device: 'CPU',
  };
}

const round = (value: number): number => Math.round(value * 10_000) / 10_000;
