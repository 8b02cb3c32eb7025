import { expect, it } from 'vitest';
import { z } from 'zod';
import { ERRORS_SHOWN, unknownFields, validateBody } from './validate.js';

it('names the place of what is wrong in a body by a JSON pointer with its escapes', () => {
  const schema = z.object({ 'a/b~c': z.array(z.int()) });
  expect(() => validateBody(schema, { 'a/b~c': [1, 'x'] })).toThrow(
    expect.objectContaining({
      code: 'INVALID_BODY',
      message: expect.stringMatching(/^\/a~1b~0c\/1 of the body is not valid: /),
      errors: [{ pointer: '/a~1b~0c/1', detail: expect.any(String) }],
    }),
  );
});

it('names the fields that a schema left out, some of them if there are many', () => {
  const schema = z.object({ a: z.array(z.object({ b: z.int().default(1) })), free: z.custom<object>() });
  const taken = (value: object) => unknownFields(value, schema.parse(value));
  expect(taken({ a: [{}, { b: 2, c: 3 }], 'd/e': { f: 1 }, free: { g: 1 } })).toEqual(['/a/1/c', '/d~1e']);
  expect(taken({ a: [], free: {} })).toEqual([]);
  const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`${at}${'x'.repeat(500)}`, at]));
  const names = taken({ ...many, a: [], free: {} });
  expect(names).toHaveLength(ERRORS_SHOWN);
  expect(names[0]).toHaveLength(101);
});
