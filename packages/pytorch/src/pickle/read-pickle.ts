import { FormatError } from '@caissa/bytes';
import type { PickleValue } from '../pickle-value.js';
import { assertPlainData } from './check-result.js';
import { type PickleContext, PickleMachine } from './machine.js';
import { OPCODE } from './opcode.js';
import { OPERATIONS } from './operations.js';

/**
 * Reads a pickle as inert data: a fixed table of operations, a fixed table of names, and nothing is ever run.
 * @throws FormatError PICKLE_OPCODE, PICKLE_GLOBAL, PICKLE_CORRUPT, PICKLE_LIMIT, STORAGE_SIZE, TENSOR_BOUNDS, OUTPUT_LIMIT
 */
export function readPickle(bytes: Uint8Array, context: PickleContext): PickleValue {
  const machine = new PickleMachine(bytes, context);
  readProtocol(machine);
  for (let code = machine.nextOperation(); code !== OPCODE.STOP; code = machine.nextOperation()) {
    const operation = OPERATIONS.get(code);
    if (operation === undefined || operation.protocol > machine.protocol) throw refuse(machine, code);
    operation.run(machine);
  }
  if (!machine.isFinished) throw machine.corrupt('ends with values left over');
  if (machine.position !== bytes.length) throw machine.corrupt('goes on after its end');
  const root: unknown = machine.pop();
  assertPlainData(machine, root);
  return root;
}

function readProtocol(machine: PickleMachine): void {
  if (machine.nextOperation() !== OPCODE.PROTO)
    throw machine.error('PICKLE_OPCODE', 'does not begin as a binary pickle');
  machine.protocol = machine.readUint8();
  if (machine.protocol < 2 || machine.protocol > 4) {
    throw machine.error(
      'PICKLE_OPCODE',
      `is a pickle of protocol ${machine.protocol}; save it with protocol 2, the default`,
    );
  }
}

function refuse(machine: PickleMachine, code: number): FormatError {
  const { entry } = machine.context;
  return new FormatError(
    'PICKLE_OPCODE',
    `${entry} uses pickle operation 0x${code.toString(16).padStart(2, '0')}, which a checkpoint does not need.`,
    { entry, offset: machine.position - 1 },
  );
}
