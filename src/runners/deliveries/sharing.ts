/** Does what several ask for at the same time once for all of them. */
export type Sharing<T> = (key: string, ask: () => Promise<T>) => Promise<T>;

/** Nothing is kept of what was asked: who asks later is told how it is then, as when a lead was erased meanwhile. */
export const sharing = <T>(): Sharing<T> => {
  const underway = new Map<string, Promise<T>>();
  return (key, ask) => {
    const before = underway.get(key);
    if (before) return before;
    const asked = ask().finally(() => underway.delete(key));
    underway.set(key, asked);
    return asked;
  };
};
