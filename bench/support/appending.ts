import { started } from './processes.ts';

/** Appends to send to an EventStoreDB: by the product's adapter or by the bare client, first to warm up, then to measure. */
export type Appending = {
  readonly url: string;
  readonly by: 'adapter' | 'client';
  readonly writers: number;
  readonly warmUp: number;
  readonly seconds: number;
};

/** How many appends a second a process of its own has sent and was answered. Throws when the log has not what was acknowledged. */
export const appendRate = async (appending: Appending): Promise<number> => {
  const process = started('bench/support/appending-process.ts');
  try {
    process.child.send(appending);
    return Number(await process.says());
  } finally {
    await process.end('SIGKILL');
  }
};
