import type { TensorSummary } from '@caissa/shared/contracts';
import { plural } from '../format/number';

/** The tensors of a checkpoint; folded, as few need them. */
export function TensorList({ tensors }: { readonly tensors: readonly TensorSummary[] }) {
  return (
    <details>
      <summary className="text-sm font-semibold">{plural(tensors.length, 'tensor')}</summary>
      <div className="mt-2 overflow-x-auto">
        <table className="w-full text-left text-xs">
          <thead className="text-muted">
            <tr>
              <th className="py-1.5 pr-4 font-medium">Name</th>
              <th className="py-1.5 pr-4 font-medium">Type</th>
              <th className="py-1.5 text-right font-medium">Shape</th>
            </tr>
          </thead>
          <tbody className="divide-y divide-line font-mono">
            {tensors.map(({ name, dtype, shape }) => (
              <tr key={name}>
                <td className="py-1 pr-4 wrap-anywhere">{name}</td>
                <td className="py-1 pr-4">{dtype}</td>
                <td className="py-1 text-right whitespace-nowrap">[{shape.join(', ')}]</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
