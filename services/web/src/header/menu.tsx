import clsx from 'clsx';
import { BookOpen, EllipsisVertical, Gauge, LogOut, Monitor, Moon, Sun } from 'lucide-react';
import { useId } from 'react';
import { addressOf } from '../api/address';
import { useSession, useSignOut } from '../api/session';
import { useStore } from '../state/store';
import { chooseTheme, THEME_CHOICES, themeChoice } from '../state/theme';
import { buttonClass } from '../ui/button';
import { Popover } from '../ui/popover';

const THEME_ICONS = { system: Monitor, light: Sun, dark: Moon } as const;
const THEME_LABELS = { system: 'System', light: 'Light', dark: 'Dark' } as const;

const ROW =
  'flex w-full items-center gap-2.5 rounded-lg px-2.5 py-2 text-left text-sm hover:bg-sunken [&_svg]:size-4 [&_svg]:text-muted';

/** Theme, links to the other pages, and who is signed in. */
export function Menu() {
  const id = useId();
  const session = useSession();
  const signOut = useSignOut();
  return (
    <>
      <button
        type="button"
        popoverTarget={id}
        aria-label="Menu"
        title="Menu"
        className={clsx(buttonClass('quiet', 'small'), 'w-8 px-0')}
      >
        <EllipsisVertical aria-hidden="true" />
      </button>
      <Popover id={id} label="Menu" className="w-60 p-2">
        <ThemeChoices />
        <div className="my-2 border-t border-line" />
        <a className={ROW} href={addressOf('/admin/queues')} target="_blank" rel="noreferrer">
          <Gauge aria-hidden="true" />
          Queue dashboard
        </a>
        <a className={ROW} href={addressOf('/api/docs')} target="_blank" rel="noreferrer">
          <BookOpen aria-hidden="true" />
          API documentation
        </a>
        {session?.authenticated && (
          <>
            <div className="my-2 border-t border-line" />
            <p className="px-2.5 pb-1 text-xs text-muted">
              Signed in as <strong className="text-text">{session.name}</strong> ({session.role})
            </p>
            <button type="button" className={ROW} onClick={() => void signOut()}>
              <LogOut aria-hidden="true" />
              Sign out
            </button>
          </>
        )}
      </Popover>
    </>
  );
}

function ThemeChoices() {
  const chosen = useStore(themeChoice);
  return (
    <fieldset>
      <legend className="px-2.5 pt-1 pb-1.5 text-xs text-muted">Theme</legend>
      <div className="grid grid-cols-3 gap-1 rounded-lg bg-sunken p-1">
        {THEME_CHOICES.map((choice) => {
          const Icon = THEME_ICONS[choice];
          return (
            <label
              key={choice}
              className="flex flex-col items-center gap-0.5 rounded-md py-1.5 text-xs has-checked:bg-surface has-checked:font-medium has-checked:shadow-sm has-focus-visible:outline-2 has-focus-visible:outline-accent"
            >
              <input
                type="radio"
                name="theme"
                className="sr-only"
                checked={chosen === choice}
                onChange={() => chooseTheme(choice)}
              />
              <Icon className="size-4" aria-hidden="true" />
              {THEME_LABELS[choice]}
            </label>
          );
        })}
      </div>
    </fieldset>
  );
}
