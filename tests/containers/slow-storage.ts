import { readFileSync, realpathSync, statSync } from 'node:fs';
import { docker } from './docker.js';

/** What a container may read from its storage, in bytes a second. */
export const READ_BYTES_PER_SECOND = 6_000_000;

/** What Compose is told to hold back the reads of a service. */
export interface BlkioConfig {
  readonly device_read_bps: readonly [{ readonly path: string; readonly rate: number }];
}

/** The disk that the engine keeps its volumes on; undefined where that is not this machine's or cannot be told. */
async function diskOfVolumes(): Promise<string | undefined> {
  try {
    const { dev } = statSync(await docker(['info', '--format', '{{.DockerRootDir}}']));
    // As Linux packs them: twelve bits of major and eight of minor number around those that do not fit there.
    const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)];
    const device = realpathSync(`/sys/dev/block/${major}:${minor}`);
    const isPartition = statSync(`${device}/partition`, { throwIfNoEntry: false }) !== undefined;
    const uevent = readFileSync(`${isPartition ? `${device}/..` : device}/uevent`, 'utf8');
    const name = /^DEVNAME=(.+)$/m.exec(uevent)?.[1];
    return name && `/dev/${name}`;
  } catch {
    return undefined;
  }
}

/**
 * Makes a container wait for its storage as one on a network volume does: the kernel hands it no more than
 * {@link READ_BYTES_PER_SECOND} of what is not in the page cache. Undefined where the disk cannot be named.
 */
export async function slowReads(): Promise<BlkioConfig | undefined> {
  const path = await diskOfVolumes();
  return path === undefined ? undefined : { device_read_bps: [{ path, rate: READ_BYTES_PER_SECOND }] };
}
