import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect } from 'vitest';
import type { Project } from './client.ts';

/** The longest that another client may wait at the 99th percentile while one does its worst, in ms. */
export const mostMs = 250;

/** What a client of another project saw: the 99th percentile and the longest of its answers in ms, how many, and what failed. */
export type Witness = {
  readonly p99: number;
  readonly longest: number;
  readonly count: number;
  readonly failures: readonly string[];
};

type Seen = { readonly took: readonly number[]; readonly failures: readonly string[] };

/**
 * Does something while a client of another project, in a thread of its own, records an activity or reads its leads every
 * `every` ms. Goes on for `atLeast` ms, so that there is something to count.
 */
export const meanwhile = async <T>(
  url: string,
  project: Project,
  does: () => Promise<T>,
  { every = 10, atLeast = 1_000 }: { readonly every?: number; readonly atLeast?: number } = {},
): Promise<{ readonly result: T; readonly seen: Witness }> => {
  const thread = new Worker(new URL('./bystander-thread.ts', import.meta.url), {
    workerData: { url, key: project.apiKey, every },
  });
  await once(thread, 'message');
  const [result] = await Promise.all([does(), new Promise((resolve) => setTimeout(resolve, atLeast))]);
  thread.postMessage('end');
  const [{ took, failures }] = (await once(thread, 'message')) as [Seen];
  const sorted = took.toSorted((a, b) => a - b);
  const at = (share: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
  return { result, seen: { p99: at(0.99), longest: at(1), count: took.length, failures } };
};

/** All that a client of another project asked was answered, and in time. */
export const unhurt = ({ p99, longest, count, failures }: Witness): void => {
  expect(failures).toEqual([]);
  expect(p99, `of ${count} answers; the longest took ${longest} ms`).toBeLessThan(mostMs);
};
