import { FORMATS, formatNames } from '@caissa/formats';
import { Upload } from 'lucide-react';
import { useRef } from 'react';
import { Button } from '../ui/button';
import { useUploader } from './use-uploader';

/** Extensions of what can be read. */
const ACCEPTED = formatNames()
  .flatMap((name) => FORMATS[name].uploads)
  .join();

/** Chooses checkpoints of this computer to be uploaded. */
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
