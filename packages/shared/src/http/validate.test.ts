import { expect, it } from 'vitest';
import { z } from 'zod';
import { validateBody } from './validate.js';

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
