// The product with a line to the benchmark: it tells its memory in bytes when asked.
process.on('message', () => process.send?.(process.memoryUsage.rss()));
await import('../../src/main.ts');
export {};
