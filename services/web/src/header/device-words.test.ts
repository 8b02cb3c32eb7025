import type { Device } from '@caissa/shared/contracts';
import { describe, expect, it } from 'vitest';
import { describeDevice, describeMemory, describeProviders, describeReplicas, memoryOf, stateOf } from './device-words';

const GB = 1024 ** 3;
const CPU: Device = {
  device_type: 'cpu',
  device_name: 'CPU',
  is_gpu: false,
  cpu: { model: 'EPYC 7B13', cores: 2 },
  memory: { total_bytes: 16 * GB, free_bytes: 12 * GB },
  execution_providers: ['cpu'],
};
const GPU: Device = {
  ...CPU,
  device_type: 'cuda',
  device_name: 'NVIDIA H200',
  is_gpu: true,
  execution_providers: ['cuda', 'cpu'],
  gpu: { memory_allocated: 3.2 * GB, memory_total: 140 * GB },
};

const wordsOf = (device: Device) => {
  const memory = memoryOf(device);
  return [describeDevice(device), memory && describeMemory(memory), describeProviders(device)];
};

describe('a device', () => {
  it('is the processor with its cores and the memory of its machine', () => {
    expect(wordsOf(CPU)).toEqual(['EPYC 7B13, 2 cores', '4.00 GB of 16.00 GB', 'CPU']);
  });

  it('is the GPU with its own memory', () => {
    expect(wordsOf(GPU)).toEqual(['NVIDIA H200', '3.20 GB of 140.00 GB', 'CUDA, CPU']);
  });

  it('has no more memory than is known', () => {
    expect(wordsOf({ ...GPU, gpu: { memory_allocated: 512 * 1024 ** 2 } })[1]).toBe('512.00 MB in use');
    const { gpu, ...unknown } = GPU;
    expect(wordsOf(unknown)[1]).toBeUndefined();
  });
});

describe('a replica', () => {
  it.each([
    ['ready', 7, 'Ready'],
    ['ready', 6, 'Catching up'],
    ['opening', 6, 'Opening'],
    ['failed', 6, 'Failed'],
    ['idle', 0, 'Idle'],
  ] as const)('that is %s at generation %i', (state, generation, word) => {
    expect(stateOf({ state, generation }, 7)[0]).toBe(word);
  });
});

it('counts replicas', () => {
  expect(describeReplicas(true, { ready: 1, total: 2 })).toBe('1 of 2 replicas ready');
  expect(describeReplicas(false, { ready: 0, total: 1 })).toBe('1 replica');
  expect(describeReplicas(true, { ready: 0, total: 0 })).toBe('no loader is running');
});
