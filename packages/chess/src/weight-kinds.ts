import { quoteName } from '@caissa/bytes';
import { shapeText } from '@caissa/graph';
import { elementCount } from '@caissa/tensor';

/** Weights that are not those of the plain network: how their names look, and what makes them plain. */
interface WeightKind {
  readonly pattern: RegExp;
  /** Completes "The weights …". */
  readonly says: string;
}

const KINDS: readonly WeightKind[] = [
  {
    pattern: /(?<![^.])(?:weight|bias)_mask$/,
    says: 'are pruned; call torch.nn.utils.prune.remove(module, "weight") for each pruned module and save again',
  },
  {
    pattern: /(?<![^.])parametrizations\./,
    says: 'are parametrised; call torch.nn.utils.parametrize.remove_parametrizations(module, "weight") for each module and save again',
  },
  {
    pattern: /(?<![^.])weight_g$/,
    says: 'are reparametrised by weight norm; call torch.nn.utils.remove_weight_norm(module) for each module and save again',
  },
  {
    pattern: /(?<![^.])weight_(?:orig|u)$/,
    says: 'are reparametrised by spectral norm; call torch.nn.utils.remove_spectral_norm(module) for each module and save again',
  },
  {
    pattern:
      /(?<![^.])(?:_packed_params|zero_point|qweight|qzeros|SCB|weight_scale|weight_zero_point|weight_fake_quant|activation_post_process)(?:\.|$)/,
    says: 'are quantised; save the state dict of the floating-point network that they were made from',
  },
  {
    pattern: /(?<![^.])(?:lora_|base_layer\.)/,
    says: 'hold a LoRA adapter apart from the network; call model.merge_and_unload() and save the state dict of what it returns',
  },
  {
    pattern: /(?<![^.])_?flat_params?(?:_\d+)?$/,
    says: 'are flattened by FSDP; save a full state dict, with StateDictType.FULL_STATE_DICT',
  },
];

/** Returns a sentence that says how to make plain weights of those with these names, if they are of a kind that is known. */
export function kindReason(names: readonly string[]): string | undefined {
  for (const { pattern, says } of KINDS) {
    const name = names.find((each) => pattern.test(each));
    if (name !== undefined) return `The weights, such as ${quoteName(name)}, ${says}.`;
  }
  return undefined;
}

/** Returns a sentence for a tensor that a process has saved of which it had only a part, if its shape looks like that. */
export function shardReason(name: string, shape: readonly number[]): string | undefined {
  if (elementCount(shape) === 0) {
    return `${name} is empty, as in a file that one process has saved of a network that several share; gather the whole state dict first, for DeepSpeed with zero_to_fp32.py.`;
  }
  if (shape.length === 1 && name.endsWith('.weight')) {
    return `${name} has shape ${shapeText(shape)}, a part of a network that several processes share; save a full state dict, with StateDictType.FULL_STATE_DICT.`;
  }
  return undefined;
}
