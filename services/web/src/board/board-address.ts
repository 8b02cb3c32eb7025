import { fenOf, type Game, gameFrom, play, START_FEN } from './game';
import { readFen } from './position';

/** How many moves of a model can be shown. */
export const TOP_CHOICES = [3, 5, 10] as const;

/** One of {@link TOP_CHOICES}. */
type TopChoice = (typeof TOP_CHOICES)[number];

/** Everything on the board tab that a reload must not lose. */
export interface BoardView {
  readonly game: Game;
  /** Name of the model beside the active one. */
  readonly compare: string | undefined;
  readonly top: TopChoice;
  readonly orientation: 'white' | 'black';
}

/** What an address says, and what in it could not be read. */
export interface ReadAddress {
  readonly view: BoardView;
  readonly problem: string | undefined;
}

const SEPARATOR = '.';
const USUAL_TOP: TopChoice = 5;

/** Reads the parameters of the board's address. Moves count only if they lead to the position that it names. */
export function readAddress(params: URLSearchParams): ReadAddress {
  const written = params.get('fen');
  const reading = readFen(written ?? START_FEN);
  const game = reading.ok ? (replay(params, reading.fen) ?? gameFrom(reading.fen)) : gameFrom(START_FEN);
  const view: BoardView = {
    game,
    compare: params.get('compare') ?? undefined,
    top: TOP_CHOICES.find((choice) => String(choice) === params.get('top')) ?? USUAL_TOP,
    orientation: params.get('view') === 'black' ? 'black' : 'white',
  };
  return { view, problem: reading.ok ? undefined : reading.problem };
}

function replay(params: URLSearchParams, fen: string): Game | undefined {
  const from = readFen(params.get('from') ?? START_FEN);
  const moves = params.get('moves');
  if (!moves || !from.ok) return undefined;
  let game: Game | undefined = gameFrom(from.fen);
  for (const uci of moves.split(SEPARATOR)) game = game && play(game, uci);
  return game && fenOf(game) === fen ? game : undefined;
}

/** The parameters of the address of a view. */
export function writeAddress({ game, compare, top, orientation }: BoardView): Record<string, string | undefined> {
  const played = game.moves.length > 0;
  return {
    fen: fenOf(game),
    compare,
    top: top === USUAL_TOP ? undefined : String(top),
    view: orientation === 'black' ? 'black' : undefined,
    from: played && game.start !== START_FEN ? game.start : undefined,
    moves: played ? game.moves.map(({ uci }) => uci).join(SEPARATOR) : undefined,
  };
}
