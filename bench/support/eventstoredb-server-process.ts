// What stands in for an EventStoreDB in the tests, in a process of its own. Tells its connection string.
import { startEventStoreStandin } from '../../tests/support/eventstoredb-standin.ts';

const { url } = await startEventStoreStandin();
process.once('disconnect', () => process.exit());
process.send?.(url);
