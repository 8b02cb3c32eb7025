import { CircleAlert, Upload as UploadIcon } from 'lucide-react';
import { plural } from '../format/number';
import { isUnderWay, type Upload, uploads } from '../models/uploads';
import { routeHref } from '../state/route';
import { useStore } from '../state/store';
import { CHIP_CLASS } from './chip';

const CLASS = `${CHIP_CLASS} shrink-0 border-transparent text-xs tabular-nums [&_svg]:size-3.5`;

/** How far the uploads have come, on every tab; a link to them. Nothing while there are none. */
export function UploadChip() {
  const shown = useStore(uploads);
  const running = shown.filter(isUnderWay);
  const failed = shown.filter(({ state }) => state === 'failed');
  if (running.length > 0) {
    const percent = Math.floor(sentShare(running) * 100);
    const words = `${plural(running.length, 'upload')}, ${percent} % sent`;
    return (
      <a href={routeHref('models')} title={words} aria-label={words} className={`${CLASS} bg-info-soft text-info-text`}>
        <UploadIcon aria-hidden="true" />
        {percent} %
      </a>
    );
  }
  if (failed.length === 0) return null;
  const words = `${plural(failed.length, 'upload')} failed`;
  return (
    <a
      href={routeHref('models')}
      title={words}
      aria-label={words}
      className={`${CLASS} bg-danger-soft text-danger-text`}
    >
      <CircleAlert aria-hidden="true" />
      {failed.length}
    </a>
  );
}

function sentShare(running: readonly Upload[]): number {
  const total = running.reduce((sum, { file }) => sum + file.size, 0);
  return total === 0 ? 1 : running.reduce((sum, { sentBytes }) => sum + sentBytes, 0) / total;
}
