import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { isMainThread } from 'node:worker_threads';

// Loaded before a server process starts. It measures how long the main thread computes between two turns of its event loop:
// by the thread's own clock, so that what other processes of the machine do meanwhile is not counted.
const path = process.env['TURNS_SOCKET'];
if (isMainThread && path !== undefined) {
  const seen = { at: process.threadCpuUsage(), longest: 0 };
  const look = (): void => {
    const now = process.threadCpuUsage();
    const spent = (now.user - seen.at.user + now.system - seen.at.system) / 1_000;
    seen.longest = Math.max(seen.longest, spent);
    seen.at = now;
  };
  setInterval(look, 1).unref();
  // A process that was killed leaves its socket.
  rmSync(path, { force: true });
  // Whoever connects is told the longest since somebody did last, in ms.
  createServer((socket) => {
    look();
    socket.on('error', () => socket.destroy());
    socket.end(String(seen.longest));
    seen.longest = 0;
  })
    .listen(path)
    .unref();
}
