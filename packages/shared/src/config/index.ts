/** Settings without all that the services share beside them: for a program that has to start before everything else. */
export * from './read-settings.js';
export * from './settings.js';
