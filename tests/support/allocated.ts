import { Session } from 'node:inspector/promises';

type Node = { readonly selfSize: number; readonly children: readonly Node[] };

const sum = ({ selfSize, children }: Node): number => children.reduce((all, child) => all + sum(child), selfSize);

/** About how many bytes of V8's heap something allocates, with what is collected meanwhile: every so many bytes one is counted. */
export const allocated = async (run: () => Promise<void>): Promise<number> => {
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: 512,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  });
  await run();
  const { profile } = await session.post('HeapProfiler.stopSampling');
  session.disconnect();
  return sum(profile.head);
};
