import { type RefObject, useLayoutEffect } from 'react';

/** Puts the focus at the begin of the content if what had it is gone; otherwise the next Tab would begin with the page. */
export function rescueFocus(): void {
  setTimeout(() => {
    if (document.activeElement === document.body) document.getElementById('content')?.focus({ preventScroll: true });
  });
}

/** When a button goes that has the focus, as a job needs no "Cancel" any more, its list item gets the focus. */
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
