import clsx from 'clsx';
import { routeHref, TABS, useRoute } from '../state/route';
import { TAB_ICONS, TAB_LABELS } from '../tabs';

/** The tabs: beside the name on wide screens, at the bottom, where thumbs are, on phones. */
export function TabNavigation() {
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
