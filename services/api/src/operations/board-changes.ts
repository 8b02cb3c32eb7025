/** What operators may change on the dashboard, in words. */
export const BOARD_CHANGES =
  'Operators may pause and resume queues, retry failed jobs, promote delayed ones and remove those that are over. ' +
  'All else is done on the page of Caissa or with its API, which check what they are given.';

/** The calls of the dashboard that change no more than {@link BOARD_CHANGES} says; all of them are `PUT` without a body. */
const OFFERED =
  /^\/api\/queues\/(pause|resume|[^/]+\/(pause|resume|promote|retry\/failed|clean\/(completed|failed)|[^/]+\/(retry|promote)))$/;

/** Whether operators may make a change on the dashboard. */
export function isOffered({ method, path }: { readonly method: string; readonly path: string }): boolean {
  return method === 'PUT' && OFFERED.test(path);
}
