import { useQueryClient } from '@tanstack/react-query';
import { KEYS } from '../api/queries';
import { tell } from '../ui/toasts';
import { dropUpload, upload, uploads } from './uploads';

/** Takes checkpoints to be uploaded, and tells when they have become models. */
export function useUploader(): (files: Iterable<File>, name?: string) => void {
  const client = useQueryClient();
  return (files, name) => {
    for (const file of files) {
      void upload(file, name).then((result) => {
        if (result === undefined) return;
        tell({ kind: 'success', title: `${result.name} was uploaded`, detail: 'It is being looked into.' });
        for (const one of uploads.get()) if (one.state === 'done') dropUpload(one.id);
        void client.invalidateQueries({ queryKey: KEYS.models });
      });
    }
  };
}
