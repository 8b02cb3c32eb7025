import { createStore } from './store';

/** Whether what happens to jobs is told as it happens. While it is not, lists are asked for now and then. */
export const feedIsLive = createStore(false);
