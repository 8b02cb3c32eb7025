import clsx from 'clsx';
import type { LucideIcon } from 'lucide-react';
import { type ComponentProps, type KeyboardEvent, useId, useLayoutEffect, useRef, useState } from 'react';
import { Button } from './button';

/** One thing to choose from a menu: something to do, or a place to go to. */
export interface MenuItem {
  readonly label: string;
  /** Said more quietly beside the label. */
  readonly hint?: string;
  readonly icon: LucideIcon;
  readonly danger?: boolean;
  readonly href?: string;
  /** Called with the button that the menu belongs to. */
  readonly onChoose?: (button: HTMLElement) => void;
}

interface MenuButtonProps extends ComponentProps<typeof Button> {
  readonly items: readonly MenuItem[];
}

/** Space between a menu and its button, and between a menu and the edges of the window. */
const GAP_PX = 6;

const ROW =
  'flex w-full items-center gap-2.5 rounded-lg px-2.5 py-2 text-left text-sm outline-none hover:bg-sunken focus:bg-sunken [&_svg]:size-4';

/** A button that opens a small menu, above everything else. What is in it is drawn only while it is open. */
export function MenuButton({ items, children, ...rest }: MenuButtonProps) {
  const id = useId();
  const buttonId = useId();
  /** How often it was opened; 0 while it is closed. A menu that is closed and opened at once tells of the latter only. */
  const [opened, setOpened] = useState(0);
  const open = opened > 0;
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const [from, to] = [button.current, menu.current];
    if (opened === 0 || from === null || to === null) return;
    const follow = () => placeBeside(to, from);
    follow();
    itemsOf(to)[0]?.focus({ preventScroll: true });
    window.addEventListener('scroll', follow, { passive: true });
    return () => window.removeEventListener('scroll', follow);
  }, [opened]);
  const choose = ({ onChoose }: MenuItem) => {
    menu.current?.hidePopover();
    if (button.current !== null) onChoose?.(button.current);
  };
  return (
    <>
      <Button ref={button} id={buttonId} popoverTarget={id} aria-haspopup="menu" aria-expanded={open} {...rest}>
        {children}
      </Button>
      <div
        ref={menu}
        id={id}
        popover="auto"
        role="menu"
        aria-labelledby={buttonId}
        onToggle={({ newState }) => setOpened((times) => (newState === 'open' ? times + 1 : 0))}
        onKeyDown={moveFocus}
        onBlur={({ currentTarget, relatedTarget }) => {
          if (relatedTarget !== null && !currentTarget.contains(relatedTarget)) currentTarget.hidePopover();
        }}
        className="fixed inset-auto m-0 min-w-48 animate-fade-in rounded-xl border border-line bg-surface p-1.5 text-text shadow-2xl"
      >
        {open && items.map((item) => <Item key={item.label} item={item} onChosen={() => choose(item)} />)}
      </div>
    </>
  );
}

function Item({ item, onChosen }: { readonly item: MenuItem; readonly onChosen: () => void }) {
  const { label, hint, icon: Icon, danger, href } = item;
  const content = (
    <>
      <Icon aria-hidden="true" className={danger ? undefined : 'text-muted'} />
      {label}
      {hint && <span className="ml-auto pl-4 text-xs text-muted">{hint}</span>}
    </>
  );
  const className = clsx(ROW, danger && 'text-danger-text');
  return href === undefined ? (
    <button type="button" role="menuitem" tabIndex={-1} className={className} onClick={onChosen}>
      {content}
    </button>
  ) : (
    <a href={href} role="menuitem" tabIndex={-1} className={className} onClick={onChosen}>
      {content}
    </a>
  );
}

const itemsOf = (menu: HTMLElement): HTMLElement[] => [...menu.querySelectorAll<HTMLElement>('[role="menuitem"]')];

/** Below the button and flush with its right edge, or above it where there is no room. */
function placeBeside(menu: HTMLElement, button: HTMLElement): void {
  const { top, bottom, right } = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const fits = bottom + height + 2 * GAP_PX <= innerHeight;
  menu.style.left = `${Math.max(GAP_PX, right - width)}px`;
  menu.style.top = `${fits ? bottom + GAP_PX : Math.max(GAP_PX, top - GAP_PX - height)}px`;
}

function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const items = itemsOf(event.currentTarget);
  const at = items.indexOf(document.activeElement as HTMLElement);
  const places: Readonly<Record<string, number>> = {
    ArrowDown: (at + 1) % items.length,
    ArrowUp: (at - 1 + items.length) % items.length,
    Home: 0,
    End: items.length - 1,
  };
  const next = places[event.key];
  if (next === undefined) return;
  event.preventDefault();
  items[next]?.focus();
}
