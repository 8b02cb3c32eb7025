import type { ArchitectureSummary, JobView, ModelInfo, Problem, TensorSummary } from '@caissa/shared/contracts';
import { useQuery } from '@tanstack/react-query';
import { Swords } from 'lucide-react';
import type { ReactNode } from 'react';
import { modelQuery, useActivationJobs, useUnfinishedJobs } from '../api/queries';
import { useCanOperate } from '../api/session';
import { ExportButton } from '../exporting/export-button';
import { formatCount, formatSize, plural } from '../format/number';
import { JobProgress } from '../jobs/job-progress';
import { describeJob } from '../jobs/job-words';
import { routeHref } from '../state/route';
import { buttonClass } from '../ui/button';
import { CopyButton } from '../ui/copy-button';
import { Dialog } from '../ui/dialog';
import { KeyValues, Section } from '../ui/layout';
import { LoadFailure } from '../ui/list-states';
import { Notice } from '../ui/notice';
import { Skeleton } from '../ui/progress';
import { TimeText } from '../ui/time-text';
import { Warnings } from '../ui/warnings';
import { known } from './known';
import { LoadButton } from './load-button';
import { MetricTiles, otherMetadata } from './metrics';
import { ModelActivations } from './model-activations';
import { BEING_WRITTEN, ModelBadges } from './model-badges';

interface ModelDrawerProps {
  readonly name: string;
  readonly onClose: () => void;
}

/** Everything that is known of a model. */
export function ModelDrawer({ name, onClose }: ModelDrawerProps) {
  const { data, error, refetch } = useQuery(modelQuery(name));
  return (
    <Dialog
      title={name}
      shape="drawer"
      onClose={onClose}
      actions={data?.status === 'ready' && <Actions model={data} onClose={onClose} />}
    >
      {data ? (
        <Content model={data} />
      ) : error ? (
        <LoadFailure what="The model" error={error} onRetry={() => void refetch()} />
      ) : (
        <div role="status" aria-label="Loading the model" className="space-y-4">
          <Skeleton className="h-6 w-40" />
          <Skeleton className="h-24 w-full" />
          <Skeleton className="h-48 w-full" />
        </div>
      )}
    </Dialog>
  );
}

function Actions({ model, onClose }: { readonly model: ModelInfo; readonly onClose: () => void }) {
  const canOperate = useCanOperate();
  const exports = useExportsOf(model.name);
  const running = useActivationJobs().some(({ model_name, kind }) => model_name === model.name && kind !== 'unload');
  return (
    <>
      <a href={routeHref('board', { compare: model.name })} className={buttonClass('quiet', 'small')}>
        <Swords aria-hidden="true" />
        Try on the board
      </a>
      {canOperate && (
        <>
          <ExportButton model={model.name} running={exports.length > 0} />
          {!model.is_current && <LoadButton model={model} running={running} look="primary" onStarted={onClose} />}
        </>
      )}
    </>
  );
}

function useExportsOf(name: string): JobView[] {
  return useUnfinishedJobs('export').filter(({ model_name }) => model_name === name);
}

/** How far exports of the model have come; nothing if there are none. */
function RunningExports({ name }: { readonly name: string }) {
  return useExportsOf(name).map((job) => (
    <div key={job.job_id} className="rounded-xl bg-info-soft px-3.5 py-2.5 text-sm">
      <p className="mb-1 font-medium">{describeJob(job)}</p>
      <JobProgress job={job} />
    </div>
  ));
}

function Content({ model }: { readonly model: ModelInfo }) {
  const { architecture, metadata, problem, deploy_problem: deployProblem } = model;
  const others = otherMetadata(metadata);
  return (
    <div className="space-y-6">
      <RunningExports name={model.name} />
      {(model.is_current || !model.deployable) && (
        <div className="flex gap-2">
          <ModelBadges model={model} />
        </div>
      )}
      {model.being_written && <Notice tone="info">{BEING_WRITTEN}</Notice>}
      {problem && (
        <Notice tone="bad">
          <ProblemText problem={problem} />
        </Notice>
      )}
      {deployProblem && (
        <Notice tone="warn">
          It cannot be loaded. <ProblemText problem={deployProblem} />
        </Notice>
      )}
      <Warnings warnings={model.warnings} />
      {model.status === 'ready' && <MetricTiles metadata={metadata} />}
      <Section title="File">
        <FileFacts model={model} />
      </Section>
      {architecture && (
        <Section title="Architecture">
          <KeyValues
            rows={[
              ['Channels', formatCount(architecture.num_channels)],
              ['Residual blocks', formatCount(architecture.num_res_blocks)],
              ['Input', architecture.input_shape.join(' × ')],
              ['Policy', `${formatCount(architecture.output_shapes.policy)} moves`],
              ['Value', formatCount(architecture.output_shapes.value)],
              ...headRows(architecture),
              ['Parameters', formatCount(architecture.parameters)],
              ...(architecture.batch_norm_eps === undefined
                ? []
                : [['Batch norm epsilon', String(architecture.batch_norm_eps)] as const]),
            ]}
          />
        </Section>
      )}
      {others.length > 0 && (
        <Section title="Metadata">
          <KeyValues rows={others} />
        </Section>
      )}
      <Section title="Activations">
        <ModelActivations name={model.name} />
      </Section>
      {model.tensors.length > 0 && <TensorList tensors={model.tensors} />}
    </div>
  );
}

/** Widths of the heads; a catalogue of an earlier version does not have them. */
function headRows({ policy_planes: policy, value_planes: value, value_hidden: hidden }: ArchitectureSummary) {
  const rows: [string, string][] = [];
  if (policy !== undefined) rows.push(['Policy head', plural(policy, 'plane')]);
  if (value !== undefined && hidden !== undefined) {
    rows.push(['Value head', `${plural(value, 'plane')}, ${plural(hidden, 'hidden unit')}`]);
  }
  return rows;
}

function ProblemText({ problem }: { readonly problem: Problem }) {
  return (
    <>
      {problem.detail}{' '}
      <a className="underline" href={problem.type} target="_blank" rel="noreferrer">
        {problem.code}
      </a>
    </>
  );
}

function FileFacts({ model }: { readonly model: ModelInfo }) {
  const trained = known(model.training_date);
  const rows: [string, ReactNode][] = [
    ['Name', model.filename],
    ['Size', `${formatSize(model.size_bytes)} (${formatCount(model.size_bytes)} bytes)`],
    ['Version', known(model.version) ?? '–'],
    ['Trained', trained === undefined ? '–' : <TimeText key="trained" time={trained} />],
  ];
  if (model.sha256 !== null) {
    rows.push([
      'SHA-256',
      <span key="digest" className="inline-flex items-center gap-1">
        <code className="font-mono text-xs" title={model.sha256}>
          {model.sha256.slice(0, 16)}…
        </code>
        <CopyButton text={model.sha256} what="digest" />
      </span>,
    ]);
  }
  return <KeyValues rows={rows} />;
}

/** The tensors of a checkpoint; folded, as few need them. */
function TensorList({ tensors }: { readonly tensors: readonly TensorSummary[] }) {
  return (
    <details>
      <summary className="text-sm font-semibold">{plural(tensors.length, 'tensor')}</summary>
      <div className="mt-2 overflow-x-auto">
        <table className="w-full text-left text-xs">
          <thead className="text-muted">
            <tr>
              <th className="py-1.5 pr-4 font-medium">Name</th>
              <th className="py-1.5 pr-4 font-medium">Type</th>
              <th className="py-1.5 text-right font-medium">Shape</th>
            </tr>
          </thead>
          <tbody className="divide-y divide-line font-mono">
            {tensors.map(({ name, dtype, shape }) => (
              <tr key={name}>
                <td className="py-1 pr-4 wrap-anywhere">{name}</td>
                <td className="py-1 pr-4">{dtype}</td>
                <td className="py-1 text-right whitespace-nowrap">[{shape.join(', ')}]</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
