import { FORMATS, formatNames } from '@caissa/formats';
import { Upload } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useCanOperate } from '../api/session';
import { Button } from '../ui/button';
import { useUploader } from './uploads';

/** Extensions of what can be read. */
const ACCEPTED = formatNames()
  .flatMap((name) => FORMATS[name].uploads)
  .join();

/** A button that uploads checkpoints from this computer. */
export function UploadButton() {
  const input = useRef<HTMLInputElement>(null);
  const take = useUploader();
  return (
    <>
      <input
        ref={input}
        type="file"
        multiple
        accept={ACCEPTED}
        className="sr-only"
        tabIndex={-1}
        aria-label="Checkpoints to upload"
        onChange={({ target }) => {
          take(target.files ?? []);
          target.value = '';
        }}
      />
      <Button look="primary" onClick={() => input.current?.click()}>
        <Upload aria-hidden="true" />
        Upload checkpoint
      </Button>
    </>
  );
}

/**
 * Uploads checkpoints that are dropped anywhere on the page, and says so while they are dragged over it. Where nothing
 * can be uploaded a drop does nothing: a browser would leave the page for the file.
 */
export function DropZone() {
  const canOperate = useCanOperate();
  const [over, setOver] = useState(false);
  const take = useRef(useUploader());
  useEffect(() => {
    const holdsFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes('Files') ?? false;
    const onOver = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      if (canOperate) setOver(true);
      else if (event.dataTransfer) event.dataTransfer.dropEffect = 'none';
    };
    const onLeave = ({ relatedTarget }: DragEvent) => {
      if (relatedTarget === null) setOver(false);
    };
    const onDrop = (event: DragEvent) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setOver(false);
      if (canOperate) take.current(event.dataTransfer?.files ?? []);
    };
    document.addEventListener('dragover', onOver);
    document.addEventListener('dragleave', onLeave);
    document.addEventListener('drop', onDrop);
    return () => {
      document.removeEventListener('dragover', onOver);
      document.removeEventListener('dragleave', onLeave);
      document.removeEventListener('drop', onDrop);
    };
  }, [canOperate]);
  if (!over) return null;
  return (
    <div className="pointer-events-none fixed inset-0 z-50 flex animate-fade-in items-center justify-center bg-bg/80 p-6">
      <div className="flex flex-col items-center gap-3 rounded-3xl border-2 border-dashed border-accent bg-surface px-12 py-10 text-center shadow-2xl">
        <Upload className="size-8 text-accent" aria-hidden="true" />
        <p className="font-semibold">Drop checkpoints to upload them</p>
      </div>
    </div>
  );
}
