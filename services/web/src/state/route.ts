import { createStore, useStore } from './store';

/** The tabs, in their order. */
export const TABS = ['models', 'export', 'downloads', 'jobs', 'board'] as const;

/** A tab of the page. */
export type Tab = (typeof TABS)[number];

/**
 * Where a visitor is: a tab, and what is chosen in it. It is kept in the address, so it can be bookmarked and shared,
 * and the Back button works.
 */
export interface Route {
  readonly tab: Tab;
  readonly params: URLSearchParams;
}

/** Reads the part of an address after `#`. An unknown tab leads to the models. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#?\/?/, '').split('?', 2);
  const tab = TABS.find((one) => one === path) ?? 'models';
  return { tab, params: new URLSearchParams(query) };
}

/** The address of a tab. Parameters that are empty or undefined are left out. */
export function routeHref(tab: Tab, params: Readonly<Record<string, string | undefined>> = {}): string {
  const given = Object.entries(params).flatMap(([name, value]) => (value ? [[name, value]] : []));
  const query = new URLSearchParams(given as [string, string][]).toString();
  return `#/${tab}${query === '' ? '' : `?${query}`}`;
}

const PLACE_KEY = 'caissa-place';

/** Remembers where the visitor is until the page is next opened in this tab of the browser: after signing in. */
export function rememberPlace(): void {
  try {
    sessionStorage.setItem(PLACE_KEY, location.hash);
  } catch {
    // Then it begins with the models.
  }
}

/** Goes to where the visitor was before, once, unless the address says where to go. */
function recallPlace(): void {
  try {
    const place = sessionStorage.getItem(PLACE_KEY);
    sessionStorage.removeItem(PLACE_KEY);
    if (place && location.hash === '') history.replaceState(null, '', place);
  } catch {
    // Then the address alone counts.
  }
}

if (globalThis.location !== undefined) recallPlace();
const route = createStore<Route>(parseRoute(globalThis.location?.hash ?? ''));
globalThis.addEventListener?.('hashchange', () => route.set(parseRoute(location.hash)));

/** The tab that is shown. */
export function currentTab(): Tab {
  return route.get().tab;
}

/** The current route, in a component. */
export function useRoute(): Route {
  return useStore(route);
}

/** Goes to a tab; `replace` leaves no step to go back to. */
export function goTo(tab: Tab, params: Readonly<Record<string, string | undefined>> = {}, replace = false): void {
  const href = routeHref(tab, params);
  if (replace) {
    history.replaceState(null, '', href);
    route.set(parseRoute(href));
  } else location.hash = href;
}
