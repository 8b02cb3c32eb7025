/** What the exit code of the command says. */
export const EXIT = {
  done: 0,
  refused: 1,
  usage: 2,
  files: 3,
  verification: 4,
  unreachable: 5,
  internal: 70,
  interrupted: 130,
} as const;

/** The exit codes as the help shows them. */
export const EXIT_HELP = `
Exit codes:
  0    everything was done
  1    a checkpoint is refused, or its upload is
  2    the command line is wrong
  3    the file system is in the way: no such file, one that exists already, no space, no permission
  4    an export is not what its checkpoint says; it was not kept
  5    the API does not answer, or cannot take an upload now
  70   a fault of this program
  130  interrupted; nothing unfinished is left but what has arrived of an upload, which the same command goes on with`;
