import * as Toast from '@radix-ui/react-toast';
import clsx from 'clsx';
import { CircleCheck, CircleX, Info, X } from 'lucide-react';
import { createStore, useStore } from '../state/store';
import { Button } from './button';

/** A message that goes away by itself. */
interface Message {
  readonly id: number;
  readonly kind: 'success' | 'failure' | 'info';
  readonly title: string;
  readonly detail?: string | undefined;
  /** What can be done about it while it is shown. */
  readonly action?: { readonly label: string; readonly run: () => void } | undefined;
}

/** Failures stay until they are closed: somebody may have looked away. */
const SHOWN_MS = { success: 7_000, info: 5_000, failure: Number.POSITIVE_INFINITY } as const;
const WITH_ACTION_MS = 15_000;

/** More than these would cover the page. */
const MOST = 4;

const messages = createStore<readonly Message[]>([]);
let lastId = 0;

/** Shows a message, which screen readers read aloud. */
export function tell(message: Omit<Message, 'id'>): void {
  messages.set((before) => [...before, { ...message, id: ++lastId }].slice(-MOST));
}

/** Shows a message that something failed, and why. */
export function tellFailure(title: string, error: unknown): void {
  tell({ kind: 'failure', title, detail: error instanceof Error ? error.message : String(error) });
}

const ICONS = {
  success: { icon: CircleCheck, classes: 'text-accent' },
  failure: { icon: CircleX, classes: 'text-danger' },
  info: { icon: Info, classes: 'text-info-text' },
} as const;

/** Where messages are shown. */
export function Toasts() {
  const shown = useStore(messages);
  return (
    <Toast.Provider swipeDirection="right" label="Message">
      {shown.map((message) => (
        <ToastCard key={message.id} {...message} />
      ))}
      <Toast.Viewport className="fixed right-4 bottom-20 z-50 flex w-[min(24rem,calc(100vw-2rem))] flex-col gap-2 outline-none sm:bottom-4" />
    </Toast.Provider>
  );
}

function ToastCard({ id, kind, title, detail, action }: Message) {
  const { icon: Icon, classes } = ICONS[kind];
  const close = () => messages.set((before) => before.filter((message) => message.id !== id));
  return (
    <Toast.Root
      duration={action && kind === 'success' ? WITH_ACTION_MS : SHOWN_MS[kind]}
      type={kind === 'failure' ? 'foreground' : 'background'}
      onOpenChange={(open) => !open && close()}
      data-kind={kind}
      className="flex animate-pop-in items-start gap-3 rounded-xl border border-line bg-surface p-3.5 text-sm shadow-2xl"
    >
      <Icon className={clsx('mt-0.5 size-4 shrink-0', classes)} aria-hidden="true" />
      <div className="min-w-0 flex-1">
        <Toast.Title className="font-medium wrap-anywhere">{title}</Toast.Title>
        {detail && <Toast.Description className="mt-0.5 text-muted wrap-anywhere">{detail}</Toast.Description>}
        {action && (
          <Toast.Action altText={action.label} asChild>
            <Button size="small" className="mt-2" onClick={action.run}>
              {action.label}
            </Button>
          </Toast.Action>
        )}
      </div>
      <Toast.Close
        aria-label="Close message"
        className="-m-1 rounded-md p-1 text-muted hover:bg-sunken hover:text-text [&_svg]:size-4"
      >
        <X aria-hidden="true" />
      </Toast.Close>
    </Toast.Root>
  );
}
