import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startRedisServer, usablePort } from '@caissa/launcher';
import { type Browser, chromium } from 'playwright-core';
import { HttpClient } from '../accept/http-client.js';
import { untilListed, writeModels } from '../accept/model-folder.js';
import { alternate } from '../harness/alternate.js';
import type { Benchmark, Comparison, Series } from '../harness/comparison.js';
import { startService } from '../harness/service-processes.js';
import { findChromium } from './find-chromium.js';
import { layoutShift, longestTaskOfScrollMs, scriptsKb, timeToInteractiveMs } from './measure.js';

const MODEL_COUNT = 500;
const INTERACTIVE_TARGET_MS = 1_000;
const SCRIPTS_TARGET_KB = 250;
const LONG_TASK_TARGET_MS = 50;

/** Containers have neither the rights for a sandbox nor a graphics card. */
const BROWSER_ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];

/** How soon the web page can be used, and whether it stays quick with many models. */
export const webPage: Benchmark = {
  name: 'web-page',
  summary: `the first tab of the web page with ${MODEL_COUNT} models, in a Chromium that knows nothing yet`,
  async run({ folder, runs, say }) {
    const executablePath = await findChromium(process.env['CHROMIUM_PATH']);
    if (executablePath === undefined) {
      say('left out: there is no Chromium in /usr/bin, and CHROMIUM_PATH names none (apt-get install chromium)');
      return [];
    }
    const dataDir = join(folder, 'data');
    await writeModels(join(dataDir, 'models'), MODEL_COUNT);
    const redis = await startRedisServer({ dataDir: join(folder, 'redis'), onProgress: say });
    const environment = { redisUrl: redis.url, dataDir };
    const port = await usablePort('127.0.0.1', 0);
    const api = startService('api', { ...environment, port });
    const exporter = startService('exporter', environment);
    const browser = await chromium.launch({ executablePath, args: BROWSER_ARGUMENTS });
    try {
      const client = new HttpClient(port);
      await untilListed(client, MODEL_COUNT);
      client.close();
      return await measureAll(browser, `http://127.0.0.1:${port}/`, runs);
    } finally {
      await browser.close();
      await exporter.stop();
      await api.stop();
      await redis.stop();
    }
  },
};

async function measureAll(browser: Browser, url: string, runs: number): Promise<Comparison[]> {
  const bare = fork(fileURLToPath(new URL('./bare-page.js', import.meta.url)), [], { execArgv: [] });
  const [barePort] = (await once(bare, 'message')) as [number];
  const label = 'Caissa';
  const [bareInteractive, interactive, shift, longTask] = (await alternate(
    [
      {
        label: 'a page with one button, from a bare Express',
        measure: () => timeToInteractiveMs(browser, `http://127.0.0.1:${barePort}/`),
      },
      { label, measure: () => timeToInteractiveMs(browser, url) },
      { label, measure: async () => 1_000 * (await layoutShift(browser, url)) },
      { label, measure: () => longestTaskOfScrollMs(browser, url) },
    ],
    runs,
  )) as [Series, Series, Series, Series];
  bare.disconnect();
  const scripts = { label, values: [await scriptsKb(browser, url)] };
  return [
    {
      title: 'from the start to the first button that answers',
      unit: 'ms',
      reference: bareInteractive,
      ours: interactive,
      target: { kind: 'value', atMost: INTERACTIVE_TARGET_MS },
    },
    {
      title: 'JavaScript of the first tab, with gzip',
      unit: 'kB',
      ours: scripts,
      target: { kind: 'value', atMost: SCRIPTS_TARGET_KB },
    },
    {
      title: 'layout shift while it is loaded, in thousandths',
      unit: '‰',
      ours: shift,
      target: { kind: 'value', atMost: 0 },
    },
    {
      title: 'longest task while the list is scrolled; 0 is up to 50 ms',
      unit: 'ms',
      ours: longTask,
      target: { kind: 'value', atMost: LONG_TASK_TARGET_MS },
    },
  ];
}
