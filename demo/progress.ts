import { SingleBar } from 'cli-progress';
import { grouped } from './table.ts';

/** Shows how far something is. */
export type Progress = { readonly advance: () => void; readonly end: () => void };

/** A bar on a terminal; elsewhere a line for each quarter. */
export const openProgress = (total: number, { terminal }: { readonly terminal: boolean }): Progress => {
  let done = 0;
  if (terminal) {
    const bar = new SingleBar({
      format: '  {bar} {value} of {total} events, {duration} s',
      stream: process.stdout,
      hideCursor: true,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      clearOnComplete: true,
      gracefulExit: true,
    });
    bar.start(total, 0);
    return { advance: () => bar.increment(), end: () => bar.stop() };
  }
  const quarters = [1, 2, 3, 4].map((quarter) => Math.ceil((total * quarter) / 4));
  return {
    advance: () => {
      done += 1;
      if (quarters.includes(done)) console.log(`  ${grouped(done)} of ${grouped(total)} events`);
    },
    end: () => undefined,
  };
};
