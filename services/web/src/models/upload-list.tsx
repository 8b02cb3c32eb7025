import { X } from 'lucide-react';
import { type FormEvent, useId, useState } from 'react';
import { formatSize } from '../format/number';
import { useStore } from '../state/store';
import { Button, IconButton } from '../ui/button';
import { TextField } from '../ui/field';
import { Card } from '../ui/layout';
import { Notice } from '../ui/notice';
import { ProgressBar } from '../ui/progress';
import { dropUpload, forgetUpload, type Upload, uploads, useUploader } from './uploads';

/** The uploads that are on their way, and those that failed. */
export function UploadList() {
  const shown = useStore(uploads);
  if (shown.length === 0) return null;
  return (
    <Card label="Uploads" className="mb-5 divide-y divide-line">
      {shown.map((upload) => (
        <UploadRow key={upload.id} upload={upload} />
      ))}
    </Card>
  );
}

function UploadRow({ upload }: { readonly upload: Upload }) {
  const { id, file, name, state, sentBytes, problem } = upload;
  const percent = file.size === 0 ? 100 : (sentBytes / file.size) * 100;
  return (
    <div className="px-4 py-3 text-sm">
      <div className="flex items-center gap-3">
        <div className="min-w-0 flex-1">
          <p className="truncate font-medium">{name}</p>
          <p className="text-xs text-muted tabular-nums" aria-live={state === 'sending' ? 'off' : 'polite'}>
            {state === 'waiting' && `${formatSize(file.size)}, waiting for the others`}
            {state === 'sending' && `${formatSize(sentBytes)} of ${formatSize(file.size)}, ${Math.floor(percent)} %`}
            {state === 'cut' && `${formatSize(sentBytes)} of ${formatSize(file.size)}; it goes on by itself`}
            {state === 'checking' && 'Sent; a worker looks into it'}
            {state === 'done' && 'Uploaded'}
            {state === 'failed' && `${file.name}, ${formatSize(file.size)}`}
          </p>
        </div>
        <IconButton
          label={state === 'failed' ? 'Dismiss' : `Stop the upload of ${name}`}
          onClick={() => (state === 'failed' ? forgetUpload(id) : dropUpload(id))}
        >
          <X aria-hidden="true" />
        </IconButton>
      </div>
      {(state === 'sending' || state === 'cut') && <ProgressBar percent={percent} label={`Upload of ${name}`} />}
      {state === 'checking' && <ProgressBar label={`Check of ${name}`} />}
      {problem && (
        <Notice tone={state === 'cut' ? 'warn' : 'bad'} className="mt-2">
          {problem.message}
        </Notice>
      )}
      {state === 'failed' && <UploadAgain upload={upload} />}
    </div>
  );
}

/** Tries a failed upload again, under another name if the first one was taken. */
function UploadAgain({ upload: { id, file, name } }: { readonly upload: Upload }) {
  const take = useUploader();
  const fieldId = useId();
  const [newName, setNewName] = useState(name);
  const again = (event: FormEvent) => {
    event.preventDefault();
    // Under the same name it goes on where it was.
    forgetUpload(id);
    take([file], newName);
  };
  return (
    <form onSubmit={again} className="mt-2 flex flex-wrap items-center gap-2">
      <label htmlFor={fieldId} className="text-xs text-muted">
        Upload as
      </label>
      <TextField
        id={fieldId}
        value={newName}
        onChange={({ target }) => setNewName(target.value)}
        pattern="[A-Za-z0-9_\-][A-Za-z0-9._\-]{0,127}"
        title="Letters, digits, dot, underscore and hyphen; not starting with a dot"
        required
        className="w-56"
      />
      <Button type="submit" size="small">
        Try again
      </Button>
    </form>
  );
}
