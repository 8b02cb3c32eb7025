import { Menu } from './menu';
import { StatusSkeleton, StatusStrip } from './status-strip';
import { TabNavigation } from './tab-navigation';

interface HeaderProps {
  /** Whether the visitor is known, so that the API answers. */
  readonly ready: boolean;
}

/** The top of the page: where one is, what is active, and the way to everything else. */
export function Header({ ready }: HeaderProps) {
  return (
    // Not blurred on phones: a filter would tie the tabs, which stand at the bottom there, to the header.
    <header className="sticky top-0 z-30 border-b border-line bg-surface sm:bg-surface/85 sm:backdrop-blur">
      <div className="mx-auto flex h-14 max-w-7xl items-center gap-3 px-4 sm:gap-6 sm:px-6">
        <a
          href="#/models"
          aria-label="Caissa"
          className="flex items-center gap-2.5 rounded-md font-semibold tracking-tight"
        >
          <img src="/icon.svg" alt="" width={26} height={26} />
          <span className="max-[26rem]:sr-only">Caissa</span>
        </a>
        <TabNavigation />
        <div className="flex min-w-0 flex-1 items-center justify-end gap-2">
          {ready ? <StatusStrip /> : <StatusSkeleton />}
          <Menu />
        </div>
      </div>
    </header>
  );
}
