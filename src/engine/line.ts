/** Those who wait, the one whose turn it is first. */
export type Line<T> = T[];

/**
 * Lines of those who want the same, one for each key; different keys don't wait for each other. Whoever comes to its turn
 * serves the line: itself, and those behind it whom it can serve along; it takes out those whom it served.
 */
export const lines = () => {
  const waiting = new Map<string, { readonly line: Line<unknown>; last: Promise<void> }>();

  return <T>(key: string, mine: T, serve: (line: Line<T>) => Promise<void>): void => {
    const found = waiting.get(key) ?? { line: [], last: Promise.resolve() };
    waiting.set(key, found);
    // What waits for a key is all of one kind: the key says which.
    const line = found.line as Line<T>;
    line.push(mine);
    found.last = found.last.then(async () => {
      if (line[0] === mine) await serve(line);
      if (line.length === 0 && waiting.get(key) === found) waiting.delete(key);
    });
  };
};
