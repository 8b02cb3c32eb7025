import { defineConfig } from 'vitest/config';
import browserTests from './vitest.config.js';

export default defineConfig({ test: { ...browserTests.test, include: ['tests/browser/screenshots.ts'] } });
