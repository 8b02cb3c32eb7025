import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { currentQuery, modelsQuery } from '../api/queries';
import { formatPercent } from '../format/number';
import { SelectField } from '../ui/field';
import { Card, PageHeading } from '../ui/layout';
import { SegmentedControl } from '../ui/segmented-control';
import { TOP_CHOICES } from './board-address';
import { BoardCard } from './board-card';
import { formatValue } from './compare-evaluations';
import { EvaluationCard } from './evaluation-card';
import { ExampleList } from './examples';
import { FenField } from './fen-field';
import { MoveEntry, PlayedMoves } from './game-moves';
import { turnOf } from './placement';
import { PromotionDialog } from './promotion-dialog';
import { useBoard } from './use-board';
import type { AskedPanel, Evaluations } from './use-evaluations';
import { useEvaluations } from './use-evaluations';
import { type Brush, useMoves } from './use-moves';

/** A board for seeing whether a deployed network plays sensibly. */
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

interface CompareChoiceProps {
  readonly value: string | undefined;
  readonly onChange: (name: string | undefined) => void;
}

/** Chooses a model to compare with the active one. */
function CompareChoice({ value, onChange }: CompareChoiceProps) {
  const id = useId();
  const { data } = useQuery(modelsQuery);
  const { data: current } = useQuery(currentQuery);
  const names = (data?.models ?? []).filter(({ status }) => status === 'ready').map(({ name }) => name);
  // A model from the address is shown even while the list is loading or no longer has it.
  const all = value !== undefined && !names.includes(value) ? [value, ...names] : names;
  return (
    <span className="flex min-w-0 items-center gap-2">
      <label htmlFor={id} className="text-sm text-muted">
        Compare with
      </label>
      <SelectField
        id={id}
        value={value ?? ''}
        onChange={(event) => onChange(event.target.value || undefined)}
        className="w-44 min-w-0 truncate"
      >
        <option value="">no other model</option>
        {all.map((name) => (
          <option key={name} value={name}>
            {name === current?.model_name ? `${name} (active)` : name}
          </option>
        ))}
      </SelectField>
    </span>
  );
}

/** What a screen reader says when the models have evaluated the position that is shown. */
function announce(evaluations: Evaluations, fen: string): string {
  return [evaluations.active, evaluations.compared]
    .flatMap((panel) => (panel && panel.query.data?.fen === fen ? [sentence(panel)] : []))
    .join(' ');
}

function sentence({ name, query, moves }: AskedPanel): string {
  const value = query.data === undefined ? '' : formatValue(query.data.value);
  const [best] = moves;
  const move = best === undefined ? 'no move' : `best move ${best.san}, ${formatPercent(best.probability)}`;
  return `${name}: value ${value}, ${move}.`;
}
