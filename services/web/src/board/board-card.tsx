import clsx from 'clsx';
import { useMemo } from 'react';
import { Card } from '../ui/card';
import { ArrowLayer } from './arrow-layer';
import { BoardToolbar } from './board-toolbar';
import { ChessBoard } from './chess-board';
import { describePosition } from './position';
import { SetupPanel } from './setup-panel';
import type { Board } from './use-board';
import type { AskedPanel, Evaluations } from './use-evaluations';
import type { Brush, Moves } from './use-moves';
import { ValueBar } from './value-bar';

interface BoardCardProps {
  readonly board: Board;
  readonly moves: Moves;
  readonly evaluations: Evaluations;
  readonly brush: Brush;
  readonly highlighted: string | undefined;
  readonly onBrush: (brush: Brush) => void;
}

/** The board with the value beside it, the state of the position below it, and what can be done with it. */
export function BoardCard({ board, moves, evaluations, brush, highlighted, onBrush }: BoardCardProps) {
  const { view, fen, problem, settingUp, lastMove } = board;
  const words = useMemo(() => (problem === undefined ? describePosition(fen) : undefined), [fen, problem]);
  const { active, compared, arrows } = evaluations;
  const valueIn = (panel: AskedPanel | undefined) => (problem === undefined ? panel?.query.data?.value : undefined);
  return (
    <Card label="Board" className={clsx('p-3 sm:p-4', !settingUp && 'lg:sticky lg:top-20')}>
      <ChessBoard
        {...{ fen, lastMove }}
        {...moves}
        orientation={view.orientation}
        checked={words?.checked}
        free={settingUp}
        onCancel={moves.cancel}
        overlay={
          <ArrowLayer arrows={settingUp ? [] : arrows} orientation={view.orientation} highlighted={highlighted} />
        }
      >
        {(squares) => (
          <>
            <div className="mx-auto flex max-w-[max(18rem,calc(100dvh-15rem))] gap-2 sm:gap-3">
              <div className="flex gap-1">
                <ValueBar series={1} value={valueIn(active)} model={active?.name ?? 'the active model'} />
                {compared && <ValueBar series={2} value={valueIn(compared)} model={compared.name} />}
              </div>
              <div className="min-w-0 flex-1">{squares}</div>
            </div>
            <div className="mt-3 flex flex-wrap items-center justify-between gap-x-4 gap-y-1 text-sm">
              <p role="status" className={clsx('min-h-6', words?.kind === 'normal' ? 'text-muted' : 'font-medium')}>
                {words?.sentence ?? problem}
              </p>
              {active && compared && <Legend first={active.name} second={compared.name} />}
            </div>
            <div className="mt-2">
              {settingUp ? <SetupPanel {...{ board, brush, onBrush }} /> : <BoardToolbar board={board} />}
            </div>
          </>
        )}
      </ChessBoard>
    </Card>
  );
}

/** Which colour of bars and arrows is whose. */
function Legend({ first, second }: { readonly first: string; readonly second: string }) {
  return (
    <ul className="flex min-w-0 flex-wrap gap-x-3 text-xs text-muted">
      {[first, second].map((name, index) => (
        <li key={index === 0 ? 'first' : 'second'} className="flex min-w-0 items-center gap-1.5">
          <span
            className={clsx('size-2 shrink-0 rounded-full', index === 0 ? 'bg-series-1' : 'bg-series-2')}
            aria-hidden="true"
          />
          <span className="max-w-40 truncate">{name}</span>
        </li>
      ))}
    </ul>
  );
}
