import { describe, expect, test } from 'vitest';
import { redactText, redactValue } from './redact.js';

describe('a text', () => {
  test.each([
    ['connect ECONNREFUSED redis://:hunter2@redis:6379/0', 'redis://[Redacted]@redis:6379/0'],
    ['rediss://caissa:hunter2@h@host:6379', 'rediss://[Redacted]@host:6379'],
    ['{"url":"https://user:hunter2@store.example/bucket"}', '"https://[Redacted]@store.example/bucket"'],
    ['GET /b/k?X-Amz-Signature=hunter2&X-Amz-Date=20250101T000000Z', '?X-Amz-Signature=[Redacted]&X-Amz-Date=2025'],
    ['?X-Amz-Credential=hunter2%2F20250101&X-Amz-Security-Token=hunter2"', '&X-Amz-Security-Token=[Redacted]"'],
    ['/api/jobs?api_key=hunter2#top', '?api_key=[Redacted]#top'],
    ['Authorization: Bearer hunter2hunter2', 'Bearer [Redacted]'],
    ['"authorization":"Basic aHVudGVyMjpodW50ZXIy"', '"Basic [Redacted]"'],
    ['AWS4-HMAC-SHA256 Credential=hunter2/20250101, Signature=hunter2', 'Credential=[Redacted], Signature=[Redacted]'],
    ['x-api-key: hunter2hunter2', 'x-api-key: [Redacted]'],
    ['Cookie: a=hunter2; b=hunter2\nAccept: */*', 'Cookie: [Redacted]\nAccept: */*'],
    ['{"request":"x-amz-security-token:hunter2\\nhost:b"}', '"x-amz-security-token: [Redacted]\\nhost:b"'],
  ])('%s', (text, expected) => {
    const clean = redactText(text);
    expect(clean).toContain(expected);
    expect(clean).not.toMatch(/hunter2|aHVudGVy/);
  });

  test.each([
    'POST /api/model/export/onnx/model_v1 202',
    'Basic rules of https://example.org/a@b?cursor=abc&limit=5, job export-1 at 12:00',
    'redis://127.0.0.1:6379/0',
  ])('without a secret stays as it is: %s', (text) => expect(redactText(text)).toBe(text));
});

describe('a value', () => {
  const describeError = (error: Error) => ({ said: error.message, ...error });

  test('shows no secret at any depth, and says that there was one', () => {
    const inner = Object.assign(new Error('WRONGPASS'), { command: { name: 'auth', args: ['caissa', 'hunter2'] } });
    const value = {
      Credentials: { secretAccessKey: 'hunter2' },
      config: { headers: { Authorization: 'hunter2', 'x-api-key': 'hunter2', accept: '*/*' } },
      previousErrors: [inner],
      body: Buffer.from('hunter2'),
    };
    const clean = redactValue(value, describeError);
    expect(JSON.stringify(clean)).not.toContain('hunter2');
    expect(clean).toMatchObject({
      Credentials: '[Redacted]',
      config: { headers: { Authorization: '[Redacted]', accept: '*/*' } },
      previousErrors: [{ said: 'WRONGPASS', command: { name: 'auth', args: '[Redacted]' } }],
      body: '[7 bytes]',
    });
    expect(value.previousErrors[0]?.command.args).toEqual(['caissa', 'hunter2']);
  });

  test('that contains itself comes to an end', () => {
    const value: Record<string, unknown> = { name: 'loop' };
    value['self'] = value;
    expect(JSON.stringify(redactValue(value, describeError))).toContain('[Deep]');
  });
});
