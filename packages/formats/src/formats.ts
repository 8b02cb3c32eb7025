/** A whole number that an export may be asked for. Formats that share an option share its facts. */
export interface OptionFacts {
  /** Lowest and highest value. */
  readonly min: number;
  readonly max: number;
  readonly default: number;
  /** What speaks for the default, in a few words. */
  readonly defaultNote: string;
  /** What it is called: `ONNX operator set`. */
  readonly label: string;
  /** What hangs on it, in a sentence. */
  readonly hint: string;
  /** What stands for its value on a line of help: `version`. */
  readonly placeholder: string;
  /** Its name in the metadata of an export. */
  readonly metadataName: string;
}

/** What everybody may know of a format who has none of its code. */
export interface FormatFacts {
  /** What people call it. */
  readonly label: string;
  /** Extension of its files, without the dot. */
  readonly extension: string;
  /** What its files hold, and what they are for: a sentence each. */
  readonly contents: string;
  readonly use: string;
  /** Extension under which the metadata of an export is a file of its own; no two formats have the same. */
  readonly metadataExtension?: string;
  /** From what size on the weights lie in a file of their own, `{filename}.data`: `2 GiB`. */
  readonly dataAbove?: string;
  /** What it can be asked for, by name. */
  readonly options: Readonly<Record<string, OptionFacts>>;
  /** Extensions that checkpoints of this format go by, with their dots; none if it is only written. */
  readonly uploads: readonly string[];
}

/** The formats. Contracts, file names, command line, page and documents derive from these rows. */
export const FORMATS = {
  pytorch: {
    label: 'PyTorch',
    extension: 'pt',
    contents: 'Weights, architecture and metadata, bit for bit what the checkpoint holds.',
    use: 'For Python; loads with weights_only=True.',
    options: {},
    uploads: ['.pt', '.pth', '.pth.tar', '.bin', '.ckpt'],
  },
  onnx: {
    label: 'ONNX',
    extension: 'onnx',
    contents: 'Graph and weights in one file, with metadata as separate JSON. Any batch size.',
    use: 'For programs in C++, Java, JavaScript, C# or Rust, and for browsers.',
    metadataExtension: 'json',
    dataAbove: '2 GiB',
    options: {
      opset: {
        min: 11,
        max: 26,
        default: 11,
        defaultNote: 'widest support',
        label: 'ONNX operator set',
        hint: 'The file computes the same with each.',
        placeholder: 'version',
        metadataName: 'opset_version',
      },
    },
    uploads: [],
  },
} as const satisfies Record<string, FormatFacts>;

/** Name of a format. */
export type Format = keyof typeof FORMATS;

/** Name of a format that checkpoints are read in. */
export type ReadableFormat = { [F in Format]: (typeof FORMATS)[F]['uploads'] extends readonly [] ? never : F }[Format];

/** Name of an option that some format has. */
export type OptionName = { [F in Format]: keyof (typeof FORMATS)[F]['options'] }[Format];

/** What is asked for: every option has a value, and a format heeds its own. */
export type OptionValues = Readonly<Record<OptionName, number>>;

/** The format of an export that does not say which. */
export const DEFAULT_FORMAT: Format = 'onnx';

/** How far an export is checked before anybody sees it. */
export const VERIFY_LEVELS = ['none', 'quick', 'full'] as const;

/** One of {@link VERIFY_LEVELS}. */
export type VerifyLevel = (typeof VERIFY_LEVELS)[number];

/** The level of an export that does not say how far it is to be checked. */
export const DEFAULT_VERIFY_LEVEL: VerifyLevel = 'quick';

/** Names of all formats, in the order of their rows. */
export function formatNames(): Format[] {
  return Object.keys(FORMATS) as Format[];
}

/** Whether a text is the name of a format. */
export function isFormat(text: string): text is Format {
  return Object.hasOwn(FORMATS, text);
}

/** The row of a format. */
export function factsOf(format: Format): FormatFacts {
  return FORMATS[format];
}

/** All options by name, each once. */
export function formatOptions(): [OptionName, OptionFacts][] {
  const options = formatNames().flatMap((format) => Object.entries(factsOf(format).options));
  return Object.entries(Object.fromEntries(options)) as [OptionName, OptionFacts][];
}
