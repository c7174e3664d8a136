/**
 * One run of something for all who ask while the run before it goes on: there are never more than two, and nobody is told of what
 * was before they asked.
 */
export const shared = <T>(run: () => Promise<T>): (() => Promise<T>) => {
  let running: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    next = undefined;
    const begun = run();
    running = begun;
    return begun;
  };
  return () => (next ??= running.then(begin, begin));
};
