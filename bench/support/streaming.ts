import { generatorCore } from './load.ts';
import { started } from './processes.ts';

/** Streams to open: so many with each of some keys. */
export type Asked = { readonly url: string; readonly keys: readonly string[]; readonly each: number };

/** How many events came in all streams, and how many streams are open. An event that came in two pieces may be missing. */
export type Heard = { readonly told: number; readonly open: number };

/** Opens streams and reads them in a process of its own. Resolves when all are open. */
export const startStreaming = async (asked: Asked) => {
  const process = started('bench/support/streaming-process.ts', { core: generatorCore });
  process.child.send(asked);
  await process.says();
  return {
    heard: async (): Promise<Heard> => {
      process.child.send('heard');
      return (await process.says()) as Heard;
    },
    end: () => process.end('SIGKILL'),
  };
};
