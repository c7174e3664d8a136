import { join } from 'node:path';
import { started } from './processes.ts';

/** Rows of a log to write again: those `after` a position, in transactions of `size` rows, for so many milliseconds at least. */
export type RawWriting = {
  readonly log: string;
  readonly after: number;
  readonly limit: number;
  readonly to: string;
  readonly size: number;
  readonly milliseconds: number;
};

/** How many rows of a product's log bare node:sqlite writes a second, as durably, into a folder. */
export const rawWriteRate = async (
  dataDir: string,
  to: string,
  { after, size }: { readonly after: number; readonly size: number },
): Promise<number> => {
  const writer = started('bench/support/raw-writer-process.ts');
  const writing: RawWriting = {
    log: join(dataDir, 'events.db'),
    to: join(to, 'raw.db'),
    after,
    size,
    limit: 100_000,
    milliseconds: 1_000,
  };
  writer.child.send(writing);
  const rate = Number(await writer.says());
  await writer.end('SIGKILL');
  return rate;
};
