import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import type { EventStoreLocation } from '../eventstore/open.ts';
import { openLog } from '../eventstore/open.ts';
import { copyLog, summarize } from '../eventstore/migration.ts';
import type { Progress } from '../eventstore/migration.ts';

const help = `Copies the log of one event store into another, and compares the two.

  npm run migrate -- --from <event store> --to <event store>

  <event store>  sqlite:<path>, esdb://... or esdb+discover://...
  --help         this text

Stop whatever writes to the source first. A run that was cut off can be started again. The source stays as it is.
Read models don't come along: start with READ_MODELS that are empty, they are made again.`;

/** What was asked can't be done. The message says what is wrong and what to do. */
class UsageError extends Error {}

const homeOf = (name: string, value: string | undefined): EventStoreLocation => {
  if (value?.startsWith('sqlite:') && value.length > 'sqlite:'.length) {
    return { scheme: 'sqlite', path: value.slice('sqlite:'.length) };
  }
  if (value !== undefined && /^esdb(\+discover)?:\/\//.test(value)) return { scheme: 'eventstoredb', url: value };
  throw new UsageError(`${name}: give sqlite:<path>, esdb://... or esdb+discover://...`);
};

/** Shows how far a step is, as a bar where somebody looks and as one line where nobody does. */
const shown = async <T>(step: string, work: (progress: Progress) => Promise<T>): Promise<T> => {
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

const migrate = async (from: EventStoreLocation, to: EventStoreLocation): Promise<boolean> => {
  const [source, target] = [await openLog(from), await openLog(to)];
  try {
    await shown('Copying        ', (progress) => copyLog(source, target, progress));
    const before = await shown('Checking source', (progress) => summarize(source, progress));
    const after = await shown('Checking target', (progress) => summarize(target, progress));
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

try {
  const { values } = parseArgs({
    options: { from: { type: 'string' }, to: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) console.log(help);
  else process.exitCode = (await migrate(homeOf('--from', values.from), homeOf('--to', values.to))) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  if (error instanceof UsageError || (error instanceof Error && 'code' in error)) console.error(`\n${help}`);
  process.exitCode = 1;
}
