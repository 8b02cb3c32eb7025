import { Upload } from 'lucide-react';
import { useRef } from 'react';
import { Button } from '../ui/button';
import { useUploader } from './use-uploader';

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
        accept=".pt,.pth,.bin,.ckpt"
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
