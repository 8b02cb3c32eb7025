import { accessSync, constants } from 'node:fs';

/** Where systems put the browser. */
const PLACES = ['chromium', 'chromium-browser', 'google-chrome'].map((name) => `/usr/bin/${name}`);

/** The Chromium to test with: `CHROMIUM_PATH`, or the first that the system has. @throws Error if there is none */
export function findChromium(env: NodeJS.ProcessEnv): string {
  const wanted = env['CHROMIUM_PATH'];
  const found = (wanted ? [wanted] : PLACES).find(isProgram);
  if (found !== undefined) return found;
  throw new Error(
    wanted
      ? `CHROMIUM_PATH is ${wanted}, and that is not a program.`
      : 'The browser tests need Chromium, and there is none in /usr/bin. On Debian and Ubuntu, `apt-get install chromium` ' +
          'installs it; elsewhere set CHROMIUM_PATH to a Chromium or Chrome.',
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
