import { encodePositions } from '@caissa/chess';
import { EVALUATE_LIMIT, type Evaluation, evaluateResultSchema } from '@caissa/shared/contracts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fakeOutputs } from '../../test-support/fake-engine.js';
import { openProtocol, type ProtocolHarness } from '../../test-support/protocol-harness.js';

const START = 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1';
const MATE = 'rnb1kbnr/pppp1ppp/8/4p3/6Pq/5P2/PPPPP2P/RNBQKBNR w KQkq - 1 3';
const PROMOTION = '7k/P7/8/8/8/8/8/K7 w - - 0 1';

let server: ProtocolHarness;
beforeEach(async () => {
  server = await openProtocol();
});
afterEach(() => server.close());

async function evaluate(body: unknown): Promise<Evaluation[]> {
  const response = await server.post('/evaluate', JSON.stringify(body));
  expect(response.status).toBe(200);
  return evaluateResultSchema.parse(await response.json()).positions;
}

async function refusal(body: unknown, text = JSON.stringify(body)) {
  const response = await server.post('/evaluate', text, { 'X-Request-Id': 'r-1' });
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  const problem = (await response.json()) as { status: number; code: string; errors?: { pointer: string }[] };
  expect(problem).toMatchObject({ success: false, status: response.status, request_id: 'r-1' });
  return problem;
}

test('one position: its best moves, with shares of all that are legal', async () => {
  const [evaluation, ...others] = await evaluate({ fen: START });
  expect(others).toEqual([]);
  const { policy, value } = fakeOutputs(encodePositions([START]), 1);
  expect(evaluation).toMatchObject({
    fen: START,
    state: 'normal',
    legal_moves: 20,
    model_name: 'current',
    generation: 5,
  });
  expect(evaluation?.value).toBe(value[0]);
  const [all] = await evaluate({ fen: START, top: 218 });
  expect(all?.moves).toHaveLength(20);
  expect(all?.moves.slice(0, 5)).toEqual(evaluation?.moves);
  expect(all?.moves.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);
  const [first, second] = all?.moves ?? [];
  const indexOf: Record<string, number> = { e2e4: 796, d2d4: 731 };
  const share = (uci: string) => all?.moves.find((move) => move.uci === uci)?.probability ?? 0;
  const logs = Object.entries(indexOf).map(([uci, index]) => Math.log(share(uci)) - (policy[index] ?? 0));
  expect(logs[0]).toBeCloseTo(logs[1] ?? 0, 5);
  expect(first?.probability).toBeGreaterThanOrEqual(second?.probability ?? 1);
});

test('many positions at once, each with its own numbers and in their order', async () => {
  const fens = [MATE, START, PROMOTION, '7k/5Q2/6K1/8/8/8/8/8 b - - 0 1', START];
  const found = await evaluate({ fens, top: 1 });
  expect(server.engine.current.asked).toEqual([5]);
  expect(found.map(({ fen, state }) => [fen, state])).toEqual([
    [MATE, 'checkmate'],
    [START, 'normal'],
    [PROMOTION, 'normal'],
    [fens[3], 'stalemate'],
    [START, 'normal'],
  ]);
  expect(found.map(({ moves }) => moves.length)).toEqual([0, 1, 1, 0, 1]);
  const { value } = fakeOutputs(encodePositions(fens), 5);
  expect(found.map((one) => one.value)).toEqual([...value]);
  expect(found[4]).toEqual(found[1]);
});

test('promotions to each piece have the same share, and all shares sum up to 1', async () => {
  const [evaluation] = await evaluate({ fen: PROMOTION, top: 218 });
  expect(evaluation?.legal_moves).toBe(7);
  const promotions = evaluation?.moves.filter(({ uci }) => uci.startsWith('a7a8')) ?? [];
  expect(promotions.map(({ uci }) => uci)).toEqual(['a7a8q', 'a7a8r', 'a7a8b', 'a7a8n']);
  const { policy } = fakeOutputs(encodePositions([PROMOTION]), 1);
  const { probability = 0 } = evaluation?.moves.find(({ uci }) => uci === 'a1a2') ?? {};
  const ratio = Math.exp((policy[48 * 64 + 56] ?? 0) - (policy[8] ?? 0));
  for (const promotion of promotions) expect(promotion.probability / probability).toBeCloseTo(ratio, 5);
  expect(evaluation?.moves.reduce((sum, move) => sum + move.probability, 0)).toBeCloseTo(1, 12);
});

test('what other programs write is read as what it means', async () => {
  const fen = 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w HAha - 0 0';
  const [asWritten, start] = await evaluate({ fens: [fen, START], top: 218 });
  expect(asWritten).toEqual({ ...start, fen });
});

test('as many positions as are allowed', async () => {
  const fens = new Array<string>(EVALUATE_LIMIT).fill(START);
  expect(await evaluate({ fens })).toHaveLength(EVALUATE_LIMIT);
  expect((await refusal({ fens: [...fens, START] })).errors?.[0]?.pointer).toBe('/fens');
});

describe('a model', () => {
  test('that is open is asked by its name', async () => {
    expect((await evaluate({ fen: START, model: 'other' }))[0]).toMatchObject({
      model_name: 'other',
      generation: null,
    });
    expect((await evaluate({ fen: START, model: 'active' }))[0]).toMatchObject({ model_name: 'current' });
  });

  test('that is not open is opened', async () => {
    expect((await evaluate({ fen: START, model: 'resting' }))[0]).toMatchObject({ model_name: 'resting' });
    expect(server.engine.resting.size).toBe(0);
  });

  test('that does not exist is 404, and without an active one it is 409', async () => {
    expect(await refusal({ fen: START, model: 'nobody' })).toMatchObject({ status: 404, code: 'MODEL_NOT_FOUND' });
    server.engine.active = undefined;
    expect(await refusal({ fen: START })).toMatchObject({ status: 409, code: 'NO_ACTIVE_MODEL' });
  });
});

describe('is refused, naming the field:', () => {
  test.each([
    [{ fens: [START, START, START, 'nonsense'] }, 'INVALID_POSITION', ['/fens/3']],
    [{ fens: ['x', START, '8/8/8/8/8/8/8/8 w - - 0 1'] }, 'INVALID_POSITION', ['/fens/0', '/fens/2']],
    [{ fen: '4k3/8/8/PPPPPPPP/PPPPPPPP/8/8/4K3 w - - 0 1' }, 'INVALID_POSITION', ['/fen']],
    [{ fen: 'x' }, 'INVALID_POSITION', ['/fen']],
    [{ fen: 7 }, 'INVALID_BODY', ['/fen']],
    [{ fen: '' }, 'INVALID_BODY', ['/fen']],
    [{ fen: 'x'.repeat(201) }, 'INVALID_BODY', ['/fen']],
    [{ fens: [START, null] }, 'INVALID_BODY', ['/fens/1']],
    [{ fens: [] }, 'INVALID_BODY', ['/fens']],
    [{ fen: START, top: 0 }, 'INVALID_BODY', ['/top']],
    [{ fen: START, top: 219 }, 'INVALID_BODY', ['/top']],
    [{ fen: START, top: 1.5 }, 'INVALID_BODY', ['/top']],
    [{ fen: START, model: '../x' }, 'INVALID_BODY', ['/model']],
    [{ fen: START, fens: [START] }, 'INVALID_BODY', ['']],
    [{}, 'INVALID_BODY', ['']],
    [{ fen: START, other: 1 }, 'INVALID_BODY', ['']],
    [[], 'INVALID_BODY', ['']],
  ])('%.60j', async (body, code, pointers) => {
    const problem = await refusal(body);
    expect(problem).toMatchObject({ status: 400, code });
    expect(problem.errors?.map(({ pointer }) => pointer)).toEqual(pointers);
    expect(server.engine.current.asked).toEqual([]);
  });

  test('what is no JSON, or too large', async () => {
    expect(await refusal(undefined, '{')).toMatchObject({ status: 400, code: 'INVALID_BODY' });
    expect(await refusal(undefined, '')).toMatchObject({ status: 400, code: 'INVALID_BODY' });
    expect(await refusal(undefined, ' '.repeat(300_000))).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' });
  });
});
