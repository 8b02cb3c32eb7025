import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { addFormats, addMetadata, readApiKey, readLevel, readUrl, readWithin } from './option-values.js';

describe('addFormats', () => {
  it('takes lists and repetitions, each format once', () => {
    expect(addFormats('onnx', undefined)).toEqual(['onnx']);
    expect(addFormats('pytorch, onnx', ['onnx'])).toEqual(['onnx', 'pytorch']);
  });

  it.each(['', 'tflite', 'onnx,'])('refuses %o', (text) => {
    expect(() => addFormats(text, undefined)).toThrow(InvalidArgumentError);
  });
});

describe('addMetadata', () => {
  it.each([
    ['note=made by hand', { note: 'made by hand' }],
    ['rate=0.75', { rate: 0.75 }],
    ['good=true', { good: true }],
    ['none=null', { none: null }],
    ['list=[1, "a"]', { list: [1, 'a'] }],
    ['inner={"a": {"b": 1}}', { inner: { a: { b: 1 } } }],
    ['text="0.75"', { text: '0.75' }],
    ['version=1.2.3', { version: '1.2.3' }],
    ['truth=trueish', { truth: 'trueish' }],
    ['open=[1', { open: '[1' }],
    ['empty=', { empty: '' }],
    [' formula =a=b', { formula: 'a=b' }],
    ['spaces=  kept ', { spaces: '  kept ' }],
    // No number that has all of these digits.
    ['id=12345678901234567890', { id: '12345678901234567890' }],
    ['huge=1e999', { huge: '1e999' }],
    ['large=1e20', { large: 1e20 }],
  ])('reads %s', (text, metadata) => {
    expect(addMetadata(text, undefined)).toEqual(metadata);
  });

  it('adds to what was there', () => {
    expect(addMetadata('b=2', { a: 1 })).toEqual({ a: 1, b: 2 });
  });

  it.each([
    ['alone', 'key=value'],
    ['=value', 'key=value'],
    ['a=2', 'twice'],
    ['huge=[1e999]', 'not finite'],
    ['x={"__proto__": 1}', '__proto__'],
    ['__proto__=1', '__proto__'],
    [`deep=${'['.repeat(20)}${']'.repeat(20)}`, 'deeper'],
    [`long=${'x'.repeat(70_000)}`, 'exceed'],
  ])('refuses %.20s', (text, reason) => {
    expect(() => addMetadata(text, { a: 1 })).toThrow(reason);
  });
});

it.each(['10', '22', '11.5', '', 'x', '0x10', '1e1'])('refuses %o as a number from 11 to 21', (text) => {
  expect(() => readWithin({ min: 11, max: 21 }, text)).toThrow(InvalidArgumentError);
});

it('reads options and levels', () => {
  expect(readWithin({ min: 11, max: 21 }, '21')).toBe(21);
  expect(readLevel('full')).toBe('full');
  expect(() => readLevel('some')).toThrow(InvalidArgumentError);
});

describe('readUrl', () => {
  it.each([
    ['http://127.0.0.1:8001', 'http://127.0.0.1:8001'],
    ['https://chess.example.com/caissa//', 'https://chess.example.com/caissa'],
  ])('takes %s', (text, url) => expect(readUrl(text)).toBe(url));

  it.each(['localhost:8001', 'chess.example.com', 'ftp://a', 'http://', 'http://a:99999', 'http://a/?b', ''])(
    'refuses %o',
    (text) => {
      expect(() => readUrl(text)).toThrow(InvalidArgumentError);
    },
  );
});

describe('readApiKey', () => {
  it.each(['', 'a b', 'a\n', 'schlüssel'])('refuses %o', (text) => {
    expect(() => readApiKey(text)).toThrow(InvalidArgumentError);
  });
  it('takes what fits into a header', () => expect(readApiKey('k-1_2.3~')).toBe('k-1_2.3~'));
});
