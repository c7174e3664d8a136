import { SingleBar } from 'cli-progress';
import type { EventStoreLocation } from '../config/store-location.ts';
import { EVENTSTOREDB, storeLocation } from '../config/store-location.ts';
import type { Progress } from '../eventstore/migration.ts';
import { copyLog, summarize } from '../eventstore/migration.ts';
import { openLog } from '../eventstore/open.ts';
import { CommandFailed } from './command-failed.ts';

const locationIn = (name: string, value: string | undefined): EventStoreLocation => {
  const { data: location, error } = storeLocation('events.db', EVENTSTOREDB).safeParse(value);
  if (location) return location;
  throw new Error(`${name}: ${error?.issues[0]?.message ?? 'give sqlite:<path>, esdb://... or esdb+discover://...'}`);
};

/** Shows how far a step is, as a bar where somebody looks and as one line where nobody does. */
const withProgress = async <T>(step: string, work: (progress: Progress) => Promise<T>): Promise<T> => {
  const bar = process.stdout.isTTY
    ? new SingleBar({ format: `${step} {bar} {percentage} %`, hideCursor: true })
    : undefined;
  bar?.start(1, 0);
  try {
    const result = await work((position, head) => {
      bar?.setTotal(head);
      bar?.update(position);
    });
    if (!bar) console.log(`${step}: ended`);
    return result;
  } finally {
    bar?.stop();
  }
};

/** Copies a log, and says whether the two are the same then. */
const copied = async (from: EventStoreLocation, to: EventStoreLocation): Promise<boolean> => {
  const [source, target] = [await openLog(from), await openLog(to)];
  try {
    await withProgress('Copying        ', (progress) => copyLog(source, target, progress));
    const before = await withProgress('Checking source', (progress) => summarize(source, progress));
    const after = await withProgress('Checking target', (progress) => summarize(target, progress));
    const same = before.facts === after.facts && before.hash === after.hash;
    console.log(`Source  ${before.facts} facts, ${before.hash}`);
    console.log(`Target  ${after.facts} facts, ${after.hash}`);
    console.log(same ? 'The two are the same.' : 'THE TWO DIFFER: does something still write to one of them?');
    return same;
  } finally {
    await source.close();
    await target.close();
  }
};

type Options = { readonly from?: string | undefined; readonly to?: string | undefined };

/** Copies the log of one event store into another. Resolves with the exit code. Rejects with `CommandFailed` and why it can't. */
export const migrate = async ({ from, to }: Options): Promise<number> => {
  try {
    return (await copied(locationIn('--from', from), locationIn('--to', to))) ? 0 : 1;
  } catch (cause) {
    throw new CommandFailed(cause instanceof Error ? cause.message : String(cause), { exitCode: 1, cause });
  }
};
