import express from 'express';
import { Redis } from 'ioredis';

// The least that a service with HTTP and Redis could be. It prints a line when it can be used.

const redis = new Redis(process.argv[2] ?? '');
await redis.ping();
const server = express().listen(0, '127.0.0.1', () => void process.stdout.write('ready\n'));
process.once('SIGTERM', () => {
  redis.disconnect();
  server.close();
});
