import clsx from 'clsx';
import { addressOf } from '../api/address';
import { routeHref, TABS, useRoute } from '../state/route';
import { TAB_ICONS, TAB_LABELS } from '../tabs';
import { Menu } from './menu';
import { RefreshButton } from './refresh-button';
import { StatusSkeleton, StatusStrip } from './status-strip';
import { UploadChip } from './upload-chip';

interface HeaderProps {
  /** Whether the visitor is known, so that the API accepts requests. */
  readonly ready: boolean;
}

/** The top of the page: where one is, what is active, and the way to everything else. */
export function Header({ ready }: HeaderProps) {
  return (
    // Not blurred on phones: a filter would tie the tabs, which are at the bottom there, to the header.
    <header className="sticky top-0 z-30 border-b border-line bg-surface sm:bg-surface/85 sm:backdrop-blur">
      <div className="mx-auto flex h-14 max-w-7xl items-center gap-3 px-4 sm:gap-6 sm:px-6">
        <a
          href="#/models"
          aria-label="Caissa"
          className="flex items-center gap-2.5 rounded-md font-semibold tracking-tight"
        >
          <img src={addressOf('/icon.svg')} alt="" width={26} height={26} />
          <span className="max-[26rem]:sr-only">Caissa</span>
        </a>
        <TabNavigation />
        <div className="flex min-w-0 flex-1 items-center justify-end gap-2">
          {ready ? <StatusStrip /> : <StatusSkeleton />}
          <UploadChip />
          {ready && <RefreshButton />}
          <Menu />
        </div>
      </div>
    </header>
  );
}

/** The tabs: beside the name on wide screens, at the bottom, where thumbs are, on phones. */
function TabNavigation() {
  const { tab: current } = useRoute();
  return (
    <nav
      aria-label="Tabs"
      className="fixed inset-x-0 bottom-0 z-40 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] sm:static sm:border-0 sm:bg-transparent sm:pb-0"
    >
      <ul className="flex justify-around sm:justify-start sm:gap-1">
        {TABS.map((tab) => {
          const Icon = TAB_ICONS[tab];
          return (
            <li key={tab} className="flex-1 sm:flex-none">
              <a
                href={routeHref(tab)}
                aria-current={tab === current ? 'page' : undefined}
                className={clsx(
                  'flex flex-col items-center gap-0.5 py-2 text-[0.6875rem] font-medium transition-colors',
                  'sm:rounded-lg sm:px-3 sm:py-1.5 sm:text-sm',
                  tab === current
                    ? 'text-accent-text sm:bg-accent-soft'
                    : 'text-muted hover:text-text sm:hover:bg-sunken',
                )}
              >
                <Icon className="size-5 sm:hidden" aria-hidden="true" />
                {TAB_LABELS[tab]}
              </a>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
