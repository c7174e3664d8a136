// The product with a line to the benchmark: it tells its memory in bytes when asked, and ends when the benchmark does.
process.on('message', () => process.send?.(process.memoryUsage.rss()));
process.once('disconnect', () => process.exit(1));
await import('../../src/main.ts');
export {};
