import { Plus, X } from 'lucide-react';
import { useStore } from '../state/store';
import { Button, IconButton } from '../ui/button';
import { TextField } from '../ui/field';
import { FormSection } from '../ui/layout';
import { Notice } from '../ui/notice';
import { choose, exportForm, type MetadataRow, rowProblem } from './export-form';

/** Metadata that the exported files will carry besides the checkpoint's own. */
export function MetadataRows() {
  const { rows } = useStore(exportForm);
  const problem = rowProblem(rows);
  const change = (id: number, news: Partial<MetadataRow>) =>
    choose({ rows: rows.map((row) => (row.id === id ? { ...row, ...news } : row)) });
  const add = () =>
    choose({ rows: [...rows, { id: Math.max(0, ...rows.map(({ id }) => id)) + 1, key: '', value: '' }] });
  return (
    <FormSection title="Metadata" hint="Added to what the checkpoint says of itself">
      <ul className="space-y-2">
        {rows.map(({ id, key, value }, at) => (
          <li key={id} className="flex items-center gap-2">
            <TextField
              aria-label={`Name of metadata ${at + 1}`}
              placeholder="purpose"
              className="w-2/5 min-w-0"
              value={key}
              // A row that was just added is there to be filled in.
              autoFocus={key === '' && value === ''}
              onChange={({ target }) => change(id, { key: target.value })}
            />
            <TextField
              aria-label={`Value of metadata ${at + 1}`}
              placeholder="deployment"
              className="min-w-0 flex-1"
              value={value}
              onChange={({ target }) => change(id, { value: target.value })}
            />
            <IconButton
              label={`Remove metadata ${at + 1}`}
              onClick={() => choose({ rows: rows.filter((row) => row.id !== id) })}
            >
              <X aria-hidden="true" />
            </IconButton>
          </li>
        ))}
      </ul>
      {problem && (
        <Notice tone="warn" className="mt-2">
          {problem}
        </Notice>
      )}
      <Button size="small" className={rows.length > 0 ? 'mt-2' : ''} onClick={add}>
        <Plus aria-hidden="true" />
        Add metadata
      </Button>
    </FormSection>
  );
}
