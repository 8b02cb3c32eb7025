import { useState } from 'react';
import { Card } from '../ui/card';
import { PageHeading } from '../ui/page-heading';
import { SegmentedControl } from '../ui/segmented-control';
import { announce } from './announcement';
import { TOP_CHOICES } from './board-address';
import { BoardCard } from './board-card';
import { CompareChoice } from './compare-choice';
import { EvaluationCard } from './evaluation-card';
import { ExampleList } from './example-list';
import { FenField } from './fen-field';
import { MoveEntry } from './move-entry';
import { turnOf } from './placement';
import { PlayedMoves } from './played-moves';
import { PromotionDialog } from './promotion-dialog';
import { useBoard } from './use-board';
import { useEvaluations } from './use-evaluations';
import { type Brush, useMoves } from './use-moves';

/** A board on which a person sees whether a network that was deployed plays sensibly. */
export function BoardPage() {
  const board = useBoard();
  const { view, fen, problem, settingUp, change } = board;
  const [brush, setBrush] = useState<Brush>('move');
  const [highlighted, setHighlighted] = useState<string>();
  const moves = useMoves(board, brush);
  const evaluations = useEvaluations(fen, problem === undefined, view.compare, view.top);
  const onPlay = (uci: string) => {
    setHighlighted(undefined);
    moves.playMove(uci);
  };
  return (
    <>
      <PageHeading title="Board" hint="What the active model thinks of a position.">
        <CompareChoice value={view.compare} onChange={(compare) => change({ compare })} />
        <SegmentedControl
          legend="Moves shown"
          value={view.top}
          onChange={(top) => change({ top })}
          choices={TOP_CHOICES.map((value) => ({ value, label: `Top ${value}` }))}
        />
      </PageHeading>
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 lg:grid-cols-[minmax(0,36rem)_minmax(0,1fr)]">
        <BoardCard {...{ board, moves, evaluations, brush, highlighted }} onBrush={setBrush} />
        <div className="min-w-0 space-y-5">
          <EvaluationCard
            {...{ evaluations, fen, problem, highlighted, onPlay }}
            top={view.top}
            onHighlight={setHighlighted}
          />
          <Card label="Position" className="space-y-4 p-5">
            <div className="grid gap-4 sm:grid-cols-2">
              <MoveEntry fen={fen} disabled={settingUp || problem !== undefined} onPlay={onPlay} />
              <PlayedMoves game={view.game} />
            </div>
            <FenField fen={fen} addressProblem={board.addressProblem} onPlace={board.place} />
            <ExampleList fen={fen} onPlace={board.place} />
          </Card>
        </div>
      </div>
      <p className="sr-only" aria-live="polite">
        {announce(evaluations, fen)}
      </p>
      {moves.promotion && (
        <PromotionDialog
          color={turnOf(fen)}
          onChoose={(piece) => onPlay(`${moves.promotion?.from}${moves.promotion?.to}${piece}`)}
          onClose={moves.cancel}
        />
      )}
    </>
  );
}
