// The product, of another checkout when one is given, with a line to the benchmark: it tells its memory in bytes when asked.
import { join } from 'node:path';

const [checkout] = process.argv.slice(2);
process.on('message', () => process.send?.(process.memoryUsage.rss()));
await (checkout === undefined ? import('../../src/main.ts') : import(join(checkout, 'src', 'main.ts')));
