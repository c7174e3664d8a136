/** Work of one name waits in line for the others of that name. */
export type Turns = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** Lets so much work of each name be under way at a time. What waits goes on in the order in which it came. */
export const turnsOf = (atOnce: number): Turns => {
  const lines = new Map<string, { running: number; readonly waiting: (() => void)[] }>();
  return async (name, work) => {
    const line = lines.get(name) ?? { running: 0, waiting: [] };
    lines.set(name, line);
    if (line.running < atOnce) line.running++;
    else await new Promise<void>((resolve) => void line.waiting.push(resolve));
    try {
      return await work();
    } finally {
      // Whose turn comes next takes this one's place.
      const next = line.waiting.shift();
      if (next) next();
      else if (--line.running === 0) lines.delete(name);
    }
  };
};
