import { started } from './processes.ts';

/** Appends to send to an EventStoreDB: by the product's adapter or by the bare client, first to warm up, then to measure. */
export type Appending = {
  readonly url: string;
  readonly by: 'adapter' | 'client';
  readonly writers: number;
  readonly warmUp: number;
  readonly seconds: number;
};

/** Appends a second, and the CPU of each over all threads, in µs. */
export type Appended = { readonly rate: number; readonly cpu: number };

/** What came of appends that a process of its own has sent. Throws when the log has not what was acknowledged. */
export const appended = async (appending: Appending): Promise<Appended> => {
  const process = started('bench/support/appending-process.ts');
  try {
    process.child.send(appending);
    return (await process.says()) as Appended;
  } finally {
    await process.end('SIGKILL');
  }
};
