import { startMongoStandin } from './mongodb-standin.ts';

// The stand-in in a process of its own. The first argument is the port; without one it takes a free one.
const { url } = await startMongoStandin(Number(process.argv[2] ?? 0));
console.log(`listening ${new URL(url).port}`);
