import type { ExportSummary } from '@caissa/shared/contracts';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { KEYS } from '../api/queries';
import { deleteExport } from '../api/work';
import { formatSize, plural } from '../format/number';
import { ConfirmDialog } from '../ui/dialog';
import { rescueFocus } from '../ui/hooks';
import { tell } from '../ui/toasts';
import { exportBytes } from './export-list';

interface DeleteExportDialogProps {
  readonly item: ExportSummary;
  readonly onClose: () => void;
}

/** Asks before an export is deleted, and deletes it. */
export function DeleteExportDialog({ item, onClose }: DeleteExportDialogProps) {
  const client = useQueryClient();
  // The button that the dialog came from may have gone with its row.
  useEffect(() => rescueFocus, []);
  const remove = async () => {
    const { removed_bytes: bytes } = await deleteExport(item.filename);
    tell({ kind: 'success', title: `${item.filename} was deleted`, detail: `${formatSize(bytes)} are free again.` });
    await client.invalidateQueries({ queryKey: KEYS.exports });
  };
  const files = [item.filename, item.data_filename, item.metadata_filename].filter((name) => name !== undefined);
  return (
    <ConfirmDialog
      title="Delete this export?"
      confirm={`Delete ${plural(files.length, 'file')}, ${formatSize(exportBytes(item))}`}
      danger
      onConfirm={remove}
      onClose={onClose}
    >
      <ul className="font-medium wrap-anywhere">
        {files.map((filename) => (
          <li key={filename}>{filename}</li>
        ))}
      </ul>
      <p className="text-muted">
        Downloads that have begun go on to their end. The model {item.model_name} stays, so it can be exported again.
      </p>
    </ConfirmDialog>
  );
}
