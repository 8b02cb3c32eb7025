import type { ExportSummary } from '@caissa/shared/contracts';
import clsx from 'clsx';
import { PanelRightOpen, SquareTerminal, Trash2 } from 'lucide-react';
import { memo, type Ref } from 'react';
import { formatSize } from '../format/size';
import { FormatBadge } from '../jobs/format-badge';
import { routeHref } from '../state/route';
import { IconButton } from '../ui/button';
import { CopyButton } from '../ui/copy-button';
import { FileName } from '../ui/file-name';
import { TimeText } from '../ui/time-text';
import { DigestText } from './digest-text';
import { DownloadLinks } from './download-links';
import { curlLine } from './download-ways';
import { ACTIONS_CLASS, DIGEST_CLASS, DOWNLOADS_CLASS, FACT_CLASS, NAME_CLASS, ROW_CLASS } from './export-columns';
import { deviceUsed, exportBytes } from './export-list';

/** What can be asked for of one export. */
export interface ExportActions {
  readonly onShow: (item: ExportSummary) => void;
  /** Left out for those who may not delete. */
  readonly onDelete?: ((item: ExportSummary) => void) | undefined;
  /** Whether downloads need an access key. */
  readonly keyRequired: boolean;
}

interface ExportRowProps extends ExportActions {
  readonly item: ExportSummary;
  /** Which of all rows it is. */
  readonly index: number;
  /** How many pixels it stands below the first. */
  readonly topPx: number;
  readonly measure: Ref<HTMLTableRowElement>;
}

/** One export as a row of the table. While one scrolls, only rows that come into sight are drawn. */
export const ExportRow = memo(function ExportRow({ index, topPx, measure, ...actions }: ExportRowProps) {
  const { item, onShow } = actions;
  return (
    <tr
      ref={measure}
      data-index={index}
      // The head of the table is its first row.
      aria-rowindex={index + 2}
      className={clsx(
        ROW_CLASS,
        'absolute inset-x-0 top-0 border-t border-line py-3 hover:bg-sunken/50',
        // Over it there is the edge of the card, or the head of the table.
        index === 0 && 'max-lg:border-transparent',
      )}
      style={{ transform: `translateY(${topPx}px)` }}
    >
      <NameCell item={item} onShow={onShow} />
      <td className={clsx(FACT_CLASS, 'tabular-nums lg:text-right')}>{formatSize(exportBytes(item))}</td>
      <td className={FACT_CLASS}>
        <TimeText time={item.export_date} ago />
      </td>
      <td className={clsx(FACT_CLASS, 'truncate max-md:col-span-2')}>{deviceUsed(item) ?? '–'}</td>
      <td className={DIGEST_CLASS}>
        <DigestText sha256={item.sha256} />
      </td>
      <td className={DOWNLOADS_CLASS}>
        <DownloadLinks item={item} />
      </td>
      <ActionsCell {...actions} />
    </tr>
  );
});

function NameCell({ item, onShow }: Pick<ExportRowProps, 'item' | 'onShow'>) {
  return (
    <th scope="row" className={clsx(NAME_CLASS, 'text-left font-normal')}>
      <button
        type="button"
        onClick={() => onShow(item)}
        title="Show all that is known of this export"
        className="block max-w-full rounded-sm text-left text-sm font-medium wrap-anywhere hover:underline hover:underline-offset-2"
      >
        <FileName name={item.filename} />
      </button>
      <div className="mt-0.5 flex min-w-0 items-center gap-2 text-xs">
        <FormatBadge format={item.format} />
        <a
          href={routeHref('models', { name: item.model_name })}
          title={`Model ${item.model_name}`}
          className="min-w-0 truncate rounded-sm text-muted hover:text-text hover:underline hover:underline-offset-2"
        >
          {item.model_name}
        </a>
      </div>
    </th>
  );
}

function ActionsCell({ item, onShow, onDelete, keyRequired }: ExportActions & Pick<ExportRowProps, 'item'>) {
  return (
    <td className={ACTIONS_CLASS}>
      <CopyButton
        text={curlLine(item.download_url, location.origin, keyRequired)}
        what="curl command"
        icon={SquareTerminal}
      />
      <IconButton label={`Details of ${item.filename}`} onClick={() => onShow(item)}>
        <PanelRightOpen aria-hidden="true" />
      </IconButton>
      {onDelete && (
        <IconButton label={`Delete ${item.filename}`} onClick={() => onDelete(item)} className="hover:text-danger">
          <Trash2 aria-hidden="true" />
        </IconButton>
      )}
    </td>
  );
}
