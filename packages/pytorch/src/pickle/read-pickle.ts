import type { PickleValue } from '../pickle-value.js';
import { checkResult } from './check-result.js';
import { type PickleContext, PickleMachine } from './machine.js';
import { OPCODE } from './opcode.js';
import { OPERATIONS } from './operations.js';

/**
 * Reads a pickle of protocol 0 to 5 as inert data: names stand for what they mean here or for nothing, and nothing is
 * ever run. What follows its end is passed over, as PyTorch does.
 * @throws FormatError PICKLE_OPCODE, PICKLE_DANGEROUS, PICKLE_GLOBAL, PICKLE_CORRUPT, PICKLE_LIMIT, NOT_A_CHECKPOINT,
 * STORAGE_SIZE, TENSOR_BOUNDS, OUTPUT_LIMIT
 */
export function readPickle(bytes: Uint8Array, context: PickleContext): PickleValue {
  context.budget.allocate(bytes.length);
  const machine = new PickleMachine(bytes, context);
  for (let code = machine.nextOperation(); code !== OPCODE.STOP; code = machine.nextOperation()) {
    const operation = OPERATIONS.get(code);
    if (operation === undefined) {
      throw machine.error('PICKLE_OPCODE', `uses pickle operation 0x${code.toString(16)}, which does not exist`);
    }
    operation(machine);
  }
  if (!machine.isFinished) throw machine.corrupt('ends with values left over');
  const root = machine.pop();
  checkResult(machine, root);
  return root;
}
