import { startEventStoreStandin } from './eventstoredb-standin.ts';

// The stand-in in a process of its own. The first argument is the port, without one it takes a free one; the second is a
// file for its log, without one it forgets.
const { port } = await startEventStoreStandin(Number(process.argv[2] ?? 0), process.argv[3]);
console.log(`listening ${port}`);
