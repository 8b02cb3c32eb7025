import { type RefObject, useCallback, useEffect, useLayoutEffect, useState, useSyncExternalStore } from 'react';

/** Whether a media query holds now. */
export function useMediaQuery(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = matchMedia(query);
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}

/** What takes the keys as long as it is open. */
const KEY_TAKERS = 'dialog[open], [role="menu"]:popover-open';

/** Calls `act` when a key is pressed by itself, except where one types or chooses. */
export function useShortcut(key: string, act: () => void): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const { target, altKey, ctrlKey, metaKey, repeat } = event;
      if (event.key.toLowerCase() !== key || altKey || ctrlKey || metaKey || repeat) return;
      if (target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable]')) return;
      if (document.querySelector(KEY_TAKERS) !== null) return;
      act();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [key, act]);
}

/** A value that follows another once that has not changed for `pauseMs`. */
export function useSettled<T>(value: T, pauseMs: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pauseMs);
    return () => clearTimeout(timer);
  }, [value, pauseMs]);
  return settled;
}

/** Whether something has gone on for longer than a person waits without an explanation. */
export function useIsSlow(going: boolean, afterMs: number): boolean {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    if (!going) return;
    const timer = setTimeout(() => setSlow(true), afterMs);
    return () => {
      clearTimeout(timer);
      setSlow(false);
    };
  }, [going, afterMs]);
  return slow;
}

/**
 * Moves the focus to the start of the content if what had it is gone; otherwise the next Tab would start with the page.
 */
export function rescueFocus(): void {
  setTimeout(() => {
    if (document.activeElement === document.body) document.getElementById('content')?.focus({ preventScroll: true });
  });
}

/** When a focused button disappears, such as the "Cancel" of a job that has ended, its list item gets the focus. */
export function useFocusHandover(button: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const element = button.current;
    return () => {
      if (element === null || document.activeElement !== element) return;
      const item = element.closest('li');
      item?.setAttribute('tabindex', '-1');
      item?.focus({ preventScroll: true });
      rescueFocus();
    };
  }, [button]);
}
