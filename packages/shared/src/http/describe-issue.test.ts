import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { describeIssue } from './describe-issue.js';

const schema = z.strictObject({
  format: z.enum(['pytorch', 'onnx']).default('onnx'),
  opset: z.int().min(11).max(21).default(11),
  dry_run: z.boolean().default(false),
  name: z.string().regex(/^a/, 'must begin with a').default('a'),
  list: z.array(z.string()).default([]),
});

describe('describeIssue', () => {
  it.each([
    ['a list', [], 'must be an object'],
    ['null', null, 'must be an object'],
    ['an unknown choice', { format: 'tflite' }, 'must be pytorch or onnx'],
    ['a number too small', { opset: 5 }, 'must be at least 11'],
    ['a number too large', { opset: 99 }, 'must be at most 21'],
    ['a text for a number', { opset: '11' }, 'must be a number'],
    ['a fraction', { opset: 11.5 }, 'must be a whole number'],
    ['a number for yes or no', { dry_run: 1 }, 'must be true or false'],
    ['two texts', { name: ['a', 'b'] }, 'must be one text'],
    ['a rule with its own words', { name: 'b' }, 'must begin with a'],
    ['keys that nobody knows', { x: 1, y: 2 }, 'must not hold "x", "y"'],
    ['a key of a million characters', { ['k'.repeat(1_000_000)]: 1 }, `must not hold "${'k'.repeat(100)}"`],
    ['a type without words here', { list: 1 }, 'must be array'],
  ])('says what is wrong with %s', (_name, value, message) => {
    const { error } = schema.safeParse(value, { error: describeIssue });
    expect(error?.issues[0]?.message).toBe(message);
  });

  it('says that something is missing', () => {
    const { error } = z.object({ keep_recent: z.int() }).safeParse({}, { error: describeIssue });
    expect(error?.issues[0]?.message).toBe('is missing');
  });
});
