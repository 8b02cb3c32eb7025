import { FormatError, quoteName } from '@caissa/bytes';

/** What an archive is, if it has an entry of such a name. */
interface ArchiveKind {
  readonly name: RegExp;
  explain(name: string): string;
}

/** Zip archives that are taken for checkpoints by mistake, the more particular ones first. */
const ARCHIVE_KINDS: readonly ArchiveKind[] = [
  {
    name: /^data\.pkl$/,
    explain: () =>
      'This is a checkpoint that was unpacked and packed again without its folder: use the original file, or pack the folder itself.',
  },
  {
    name: /(?:^|\/)(?:archive_format|serialized_exported_program\.json)$/,
    explain: () =>
      'This is a program that torch.export.save wrote (.pt2), not a checkpoint: type torch.save(model.state_dict(), "model.pt") where the model is made, and use that file.',
  },
  {
    name: /\.npy$/,
    explain: () =>
      'This is a NumPy file (.npz), not a PyTorch checkpoint: load its arrays into the model and save model.state_dict() with torch.save.',
  },
  {
    name: /(?:^|\/)model\.weights\.h5$/,
    explain: () => 'This is a Keras file, not a PyTorch checkpoint: only networks of PyTorch can be read.',
  },
  {
    name: /\.distcp$/,
    explain: () =>
      'This is the folder of a distributed checkpoint: make one file of it with torch.distributed.checkpoint.format_utils.dcp_to_torch_save.',
  },
  {
    name: /\.(?:pt|pth|ckpt|tar|bin|pkl|pickle|safetensors|onnx|zip|gz)$/i,
    explain: (name) => `This is a zip file that contains ${baseName(name)}: unpack it first.`,
  },
];

/** Why an archive without `data.pkl` is no checkpoint: what it is instead, as far as its names tell. */
export function explainArchive(names: readonly string[]): FormatError {
  for (const kind of ARCHIVE_KINDS) {
    const name = names.find((candidate) => kind.name.test(candidate));
    if (name !== undefined) return new FormatError('NOT_A_CHECKPOINT', kind.explain(name));
  }
  return new FormatError(
    'NOT_A_CHECKPOINT',
    'This is a zip archive, but not a PyTorch checkpoint: it has no data.pkl.',
  );
}

function baseName(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  // A name that is plain needs no quotes.
  return /^[\w.-]{1,120}$/.test(name) ? name : quoteName(name);
}
