import type { ExportSummary } from '@caissa/shared/contracts';
import clsx from 'clsx';
import { Ellipsis, PanelRightOpen, SquareTerminal, Trash2 } from 'lucide-react';
import { memo, type Ref } from 'react';
import { formatSize } from '../format/number';
import { routeHref } from '../state/route';
import { FormatBadge } from '../ui/badge';
import { IconButton } from '../ui/button';
import { CopyButton, copyText } from '../ui/copy-button';
import { FileName } from '../ui/file-name';
import { MenuButton } from '../ui/menu-button';
import { TimeText } from '../ui/time-text';
import { tell } from '../ui/toasts';
import { curlLine, DownloadLinks } from './download-links';
import { deviceUsed, exportBytes } from './export-list';

/**
 * Where the parts of an export are placed. On phones they form a card; in windows of medium width name and facts are
 * stacked, with the actions to their right; wide windows have a column for each. Widths in rem, so that they grow with
 * the font size.
 */
export const ROW_CLASS =
  'grid grid-cols-[auto_auto_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-2 px-4 md:grid-cols-[auto_auto_minmax(0,1fr)_11rem_6rem] md:gap-x-4 md:gap-y-1 lg:grid-cols-[minmax(0,1fr)_5rem_7.5rem_3.5rem_10.5rem_6rem] xl:grid-cols-[minmax(0,1fr)_5rem_8rem_4rem_9rem_11rem_6rem]';

/** The name, over the facts. */
const NAME_CLASS = 'min-w-0 max-md:col-span-4 md:max-lg:col-span-3 md:max-lg:col-start-1 md:max-lg:row-start-1';

/** Size, date and device, under the name. */
const FACT_CLASS = 'text-xs text-muted md:max-lg:row-start-2 lg:text-sm lg:text-text';

/** The digest, for which only the widest windows have room. The details show it too. */
export const DIGEST_CLASS = 'max-xl:hidden';

const BESIDE = 'md:max-lg:row-span-2 md:max-lg:row-start-1';

/** What can be downloaded. */
const DOWNLOADS_CLASS = `max-md:col-span-3 md:max-lg:col-start-4 ${BESIDE}`;

/** The other actions, at the right edge. */
const ACTIONS_CLASS = `-mr-1.5 flex items-center justify-end md:max-lg:col-start-5 ${BESIDE}`;

/** The expected height of a row before it is drawn, in pixels. */
export function expectedRowPx(): number {
  if (matchMedia('(min-width: 64rem)').matches) return 67;
  return matchMedia('(min-width: 48rem)').matches ? 87 : 151;
}

/** The actions on one export. */
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

/** One export as a row of the table. While scrolling, only rows that come into view are drawn. */
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
        // Above it is the edge of the card, or the head of the table.
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

/** Icons with tips where there is a pointer to show them; on smaller windows, which fingers may use, a menu of words. */
function ActionsCell({ item, onShow, onDelete, keyRequired }: ExportActions & Pick<ExportRowProps, 'item'>) {
  const line = curlLine(item.filename, document.baseURI, keyRequired);
  return (
    <td className={ACTIONS_CLASS}>
      <div className="flex max-lg:hidden">
        <CopyButton text={line} what="curl command" icon={SquareTerminal} />
        <IconButton label={`Details of ${item.filename}`} onClick={() => onShow(item)}>
          <PanelRightOpen aria-hidden="true" />
        </IconButton>
        {onDelete && (
          <IconButton label={`Delete ${item.filename}`} onClick={() => onDelete(item)} className="hover:text-danger">
            <Trash2 aria-hidden="true" />
          </IconButton>
        )}
      </div>
      <MenuButton
        look="quiet"
        size="small"
        aria-label={`More on ${item.filename}`}
        className="px-2 lg:hidden"
        items={[
          { label: 'Copy curl command', icon: SquareTerminal, onChoose: (button) => void copyLine(line, button) },
          { label: 'Details', icon: PanelRightOpen, onChoose: () => onShow(item) },
          ...(onDelete ? [{ label: 'Delete', icon: Trash2, danger: true, onChoose: () => onDelete(item) }] : []),
        ]}
      >
        <Ellipsis aria-hidden="true" />
        More
      </MenuButton>
    </td>
  );
}

async function copyLine(line: string, near: HTMLElement): Promise<void> {
  if (await copyText(line, 'curl command', near)) tell({ kind: 'success', title: 'The curl command was copied' });
}

const SHOWN_DIGITS = 10;

/** The beginning of a digest, with a button that copies all of it. */
function DigestText({ sha256 }: { readonly sha256: string }) {
  return (
    <span className="inline-flex items-center gap-1">
      <span className="font-mono text-xs" title={`SHA-256: ${sha256}`}>
        {sha256.slice(0, SHOWN_DIGITS)}…
      </span>
      <CopyButton text={sha256} what="SHA-256 digest" />
    </span>
  );
}
