import { access, constants } from 'node:fs/promises';

/** Where systems put the browser. */
const PLACES = ['chromium', 'chromium-browser', 'google-chrome'].map((name) => `/usr/bin/${name}`);

/** The Chromium to measure with: `CHROMIUM_PATH`, or the first that the system has; undefined if there is none. */
export async function findChromium(wanted: string | undefined): Promise<string | undefined> {
  for (const path of wanted ? [wanted] : PLACES) {
    const isProgram = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isProgram) return path;
  }
  return undefined;
}
