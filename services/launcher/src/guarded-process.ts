import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { RedisProgram } from './redis-packages.js';

/**
 * Runs the program and ends it when standard input closes, which the system does when this process dies. The first
 * line printed is the program's process id. Arguments: library path (may be empty), program, its arguments.
 */
const GUARD_SCRIPT = `
if [ -n "$1" ]; then export LD_LIBRARY_PATH="$1"; fi
shift
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
echo "$server"
(read -r _ <&3; kill -TERM "$server") >/dev/null 2>&1 &
guard=$!
wait "$server"
code=$?
kill "$guard" 2>/dev/null
exit "$code"
`;

/**
 * Starts a server program that ends when this process ends, however that happens, or closes its standard input. The first
 * line that it prints is the process id of the program. It has a process group of its own: Ctrl-C reaches the services
 * first, and Redis when they have ended.
 */
export function spawnGuarded(program: RedisProgram, args: readonly string[]): ChildProcessWithoutNullStreams {
  const script = ['-c', GUARD_SCRIPT, 'caissa-redis', program.libraryPath ?? '', program.file];
  return spawn('/bin/sh', [...script, ...args], { detached: true, stdio: 'pipe' });
}
