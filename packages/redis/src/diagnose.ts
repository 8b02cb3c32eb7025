import {
  CLOSED,
  CONNECTIONS,
  type Diagnosis,
  REPLIES,
  type Rule,
  SILENT,
  SILENT_WITH_TLS,
  VAGUE,
} from './diagnosis-rules.js';

/** A failure of which is known why a connection cannot be used. */
export class ConnectionTrouble extends Error {
  override readonly name = 'ConnectionTrouble';
  readonly diagnosis: Diagnosis;

  constructor(diagnosis: Diagnosis, cause: unknown) {
    super(diagnosis.message, { cause });
    this.diagnosis = diagnosis;
  }
}

/** Why Redis refused a command, where that is no fault of the command. */
export function diagnoseReply(error: unknown): Diagnosis | undefined {
  for (const message of replies(error)) {
    // What a script stumbles over stands behind the place, in servers before version 7.
    const found = find(REPLIES, message.replace(/^.*@user_script: ?\d+: (?=-?[A-Z]+ )/s, '').replace(/^-/, ''));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Why a connection cannot be used, by what its client reports. @param tls whether it is one of TLS */
export function diagnoseConnection(error: unknown, tls: boolean): Diagnosis {
  const { code, message } = describe(error);
  const known = diagnoseReply(error) ?? find(CONNECTIONS, code) ?? find(CONNECTIONS, message);
  if (known !== undefined) return known;
  if (/^(ECONNRESET|EPIPE|ECONNABORTED)$/.test(code)) return CLOSED;
  return tls ? SILENT_WITH_TLS : SILENT;
}

/** Whether a diagnosis may have causes of many kinds. */
export function isVague(diagnosis: Diagnosis): boolean {
  return VAGUE.includes(diagnosis);
}

/** Why a command failed; of one that nobody answered, that Redis does not answer. */
export function diagnose(error: unknown): Diagnosis {
  return error instanceof ConnectionTrouble ? error.diagnosis : diagnoseConnection(error, false);
}

/** The error replies behind a failure; a refused transaction tells the reason in the errors of its commands. */
function replies(error: unknown): string[] {
  const inner = error instanceof Error && 'previousErrors' in error ? error.previousErrors : undefined;
  return (Array.isArray(inner) ? inner : [error]).map((reason) => describe(reason).message);
}

/** The last node of a cluster, and the last Sentinel, say more than what sums them up. */
function describe(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: '', message: String(error) };
  if ('lastNodeError' in error && error.lastNodeError instanceof Error) return describe(error.lastNodeError);
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return { code, message: error.message };
}

function find(rules: readonly Rule[], text: string): Diagnosis | undefined {
  const rule = rules.find(([pattern]) => pattern.test(text));
  if (rule === undefined) return undefined;
  const [, code, sentence] = rule;
  // The word by which manuals and logs know it stands after the cause.
  const word = /^(?!ERR )[A-Z][A-Z0-9_]+/.exec(text)?.[0];
  return { code, message: word === undefined ? sentence : sentence.replace(':', ` (${word}):`) };
}
