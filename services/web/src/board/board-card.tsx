import clsx from 'clsx';
import { FlipVertical2, PencilRuler, RotateCcw, Undo2 } from 'lucide-react';
import { useMemo } from 'react';
import { Button } from '../ui/button';
import { Card } from '../ui/layout';
import { ArrowLayer } from './arrows';
import { ChessBoard } from './chess-board';
import { formatValue } from './compare-evaluations';
import { gameFrom, START_FEN, undo } from './game';
import { describePosition } from './position';
import { SetupPanel } from './setup-panel';
import type { Board } from './use-board';
import type { AskedPanel, Evaluations } from './use-evaluations';
import type { Brush, Moves } from './use-moves';

interface BoardCardProps {
  readonly board: Board;
  readonly moves: Moves;
  readonly evaluations: Evaluations;
  readonly brush: Brush;
  readonly highlighted: string | undefined;
  readonly onBrush: (brush: Brush) => void;
}

/** The board with the value beside it, the state of the position below it, and the tools for it. */
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

/** Which colour of bars and arrows belongs to which model. */
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

interface ValueBarProps {
  /** -1 to 1; undefined while it is not known. */
  readonly value: number | undefined;
  readonly series: 1 | 2;
  /** Whose value it is. */
  readonly model: string;
}

const FILLS = { 1: 'bg-series-1', 2: 'bg-series-2' } as const;

/** A network's value as a bar that grows from the middle: up for positive values, down for negative ones. */
function ValueBar({ value, series, model }: ValueBarProps) {
  const share = Math.min(1, Math.abs(value ?? 0)) * 50;
  const known = value !== undefined;
  return (
    <div
      title={known ? `Value of ${model}: ${formatValue(value)}, of \u22121 to +1` : undefined}
      className="relative h-full w-2.5 overflow-hidden rounded-full bg-sunken inset-ring inset-ring-line sm:w-3.5"
    >
      {known && (
        <meter className="sr-only" aria-label={`Value of ${model}`} min={-1} max={1} value={value}>
          {formatValue(value)}
        </meter>
      )}
      <div
        className={clsx('absolute inset-x-0 transition-[height] duration-200', FILLS[series])}
        style={{ height: `${share}%`, [(value ?? 0) >= 0 ? 'bottom' : 'top']: '50%' }}
      />
      <div className="absolute inset-x-0 top-1/2 h-0.5 -translate-y-1/2 bg-line-strong" />
    </div>
  );
}

/** Buttons that act on the whole board. */
function BoardToolbar({ board }: { readonly board: Board }) {
  const { view, change, startSetup } = board;
  const { game, orientation } = view;
  const atStart = game.moves.length === 0 && game.start === START_FEN;
  return (
    <div className="flex flex-wrap gap-1.5 max-[26rem]:[&_svg]:hidden">
      <Button size="small" onClick={() => change({ game: undo(game) })} disabled={game.moves.length === 0}>
        <Undo2 aria-hidden="true" />
        Undo
      </Button>
      <Button
        size="small"
        onClick={() => change({ game: gameFrom(game.moves.length > 0 ? game.start : START_FEN) })}
        disabled={atStart}
      >
        <RotateCcw aria-hidden="true" />
        Reset
      </Button>
      <Button size="small" onClick={() => change({ orientation: orientation === 'white' ? 'black' : 'white' })}>
        <FlipVertical2 aria-hidden="true" />
        Flip
      </Button>
      <Button size="small" onClick={startSetup}>
        <PencilRuler aria-hidden="true" />
        Set up
      </Button>
    </div>
  );
}
