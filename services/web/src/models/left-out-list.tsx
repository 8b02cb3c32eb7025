import { LEFT_OUT_LIMIT } from '@caissa/formats';
import type { ModelList } from '@caissa/shared/contracts';
import { plural } from '../format/number';
import { Notice } from '../ui/notice';

interface LeftOutListProps {
  readonly files: NonNullable<ModelList['left_out']>;
}

/** The checkpoints of the model folder that cannot be listed, and why. */
export function LeftOutList({ files }: LeftOutListProps) {
  const isWhole = files.length < LEFT_OUT_LIMIT;
  const checkpoints = isWhole ? plural(files.length, 'checkpoint') : `${LEFT_OUT_LIMIT} or more checkpoints`;
  return (
    <Notice tone="warn" className="mb-5">
      <details>
        <summary>{checkpoints} in the model folder cannot be listed</summary>
        <ul className="mt-2 space-y-1">
          {files.map(({ filename, reason }) => (
            <li key={filename}>
              <span className="font-medium">{filename}</span>: {reason}
            </li>
          ))}
        </ul>
      </details>
    </Notice>
  );
}
