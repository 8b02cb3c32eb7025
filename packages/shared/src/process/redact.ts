/** What stands in a log in place of a secret. */
const REDACTED = '[Redacted]';

/** Names of values that are never shown: keys, passwords, and what S3 signs requests with. */
const SECRET_NAME =
  /authorization|cookie|password|passphrase|secret|credential|signature|token|api-?_?key|access-?_?key/i;

/** How deep into a value is looked; what lies deeper is left out. */
const DEPTH_LIMIT = 6;

/** Shapes that secrets have in texts: in a URL, in its query, and in headers. */
const SECRET_TEXTS: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  [/:\/\/[^\s/"'\\<>]*@/g, `://${REDACTED}@`],
  [
    /([?&](?:x-amz-(?:signature|credential|security-token)|signature|awsaccesskeyid|sig|token|api[_-]?key|key|password|secret)=)[^\s&"'\\#]+/gi,
    `$1${REDACTED}`,
  ],
  [/\b(Bearer|Basic) [A-Za-z0-9._~+/=:-]{8,}/gi, `$1 ${REDACTED}`],
  [/\b(Credential=|Signature=)[^\s,&"'\\]+/g, `$1${REDACTED}`],
  [/\b(x-api-key|x-amz-security-token|cookie): ?[^\r\n"'\\]+/gi, `$1: ${REDACTED}`],
];

/** A text, of one line or many, without the secrets that can be told by their shape. */
export function redactText(text: string): string {
  return SECRET_TEXTS.reduce((clean, [pattern, replacement]) => clean.replace(pattern, replacement), text);
}

/**
 * A copy of a value, to be logged, without the secrets that can be told by their names; also without the arguments of a
 * failed Redis command, which ioredis keeps in its errors: those of AUTH are a password, and those of others are long.
 * @param describe what to show of an error that lies inside
 */
export function redactValue(value: unknown, describe: (error: Error) => unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEPTH_LIMIT) return '[Deep]';
  const inner = (child: unknown) => redactValue(child instanceof Error ? describe(child) : child, describe, depth + 1);
  if (Array.isArray(value)) return value.map(inner);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  const isCommand = 'name' in value && 'args' in value;
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => {
      const hidden = SECRET_NAME.test(name) || (isCommand && name === 'args');
      return [name, hidden ? REDACTED : inner(child)];
    }),
  );
}
