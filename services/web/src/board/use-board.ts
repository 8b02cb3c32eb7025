import type { Square } from 'chess.js';
import { useEffect, useMemo, useState } from 'react';
import { goTo, useRoute } from '../state/route';
import { type BoardView, readAddress, writeAddress } from './board-address';
import { fenOf, type Game, gameFrom } from './game';
import { readFen } from './position';

/** What the board showed when its tab was left; the tab's own link has no parameters. */
let left: URLSearchParams | undefined;

/** The board, what is on it, and the actions on it. */
export interface Board {
  readonly view: BoardView;
  /** The position that is shown. While it is being set up it need not be playable. */
  readonly fen: string;
  /** Why what is shown cannot be played. */
  readonly problem: string | undefined;
  /** Why the position of the address was not shown. */
  readonly addressProblem: string | undefined;
  /** Whether a position is being set up. */
  readonly settingUp: boolean;
  /** Squares of the last move, from and to. */
  readonly lastMove: readonly Square[];
  change(part: Partial<BoardView>): void;
  /** Starts a new game from a position. */
  place(fen: string): void;
  /** While a position is being set up: replaces the pieces. */
  draft(fen: string): void;
  startSetup(): void;
  finishSetup(): void;
  /** Leaves the set-up mode and puts back what was there before. */
  cancelSetup(): void;
}

/** Set-up mode: the pieces as they stand, and the game that was on the board before. */
interface Setup {
  readonly fen: string;
  readonly before: Game;
}

/** The state of the board tab. It is kept in the address; only an unfinished position is kept here. */
export function useBoard(): Board {
  const { params } = useRoute();
  const shown = (params.size === 0 ? left : params)?.toString() ?? '';
  const { view, problem: addressProblem } = useMemo(() => readAddress(new URLSearchParams(shown)), [shown]);
  const [setup, setSetup] = useState<Setup>();
  useEffect(() => {
    left = new URLSearchParams(shown);
    if (params.size === 0 && shown !== '') goTo('board', Object.fromEntries(left), true);
  }, [shown, params]);

  const change = (part: Partial<BoardView>) => goTo('board', writeAddress({ ...view, ...part }), true);
  const fen = setup?.fen ?? fenOf(view.game);
  const reading = useMemo(() => readFen(fen), [fen]);
  const last = setup === undefined ? view.game.moves.at(-1)?.uci : undefined;

  const place = (next: string) => {
    if (setup) setSetup({ ...setup, fen: next });
    change({ game: gameFrom(next) });
  };
  return {
    view,
    fen,
    problem: reading.ok ? undefined : reading.problem,
    addressProblem,
    settingUp: setup !== undefined,
    lastMove: last === undefined ? [] : [last.slice(0, 2) as Square, last.slice(2, 4) as Square],
    change,
    place,
    draft(next) {
      if (readFen(next).ok) place(next);
      else if (setup) setSetup({ ...setup, fen: next });
    },
    startSetup: () => setSetup({ fen, before: view.game }),
    finishSetup: () => setSetup(undefined),
    cancelSetup() {
      if (setup) change({ game: setup.before });
      setSetup(undefined);
    },
  };
}
