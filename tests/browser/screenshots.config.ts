import { mergeConfig } from 'vitest/config';
import browserTests from './vitest.config.js';

const config = mergeConfig(browserTests, { test: {} });
config.test.include = ['tests/browser/screenshots.ts'];

export default config;
