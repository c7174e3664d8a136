/** How much of a name is compared: whoever asks may send very long ones. */
const characters = 64;

/** How many characters have to be added, removed or replaced to turn one word into the other (Levenshtein). */
const distance = (from: string, to: string): number => {
  let above = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 0; row < from.length; row += 1) {
    const line = [row + 1];
    for (let column = 0; column < to.length; column += 1) {
      const replaced = (above[column] ?? 0) + (from[row] === to[column] ? 0 : 1);
      line.push(Math.min(replaced, (above[column + 1] ?? 0) + 1, (line[column] ?? 0) + 1));
    }
    above = line;
  }
  return above.at(-1) ?? 0;
};

/**
 * The known name that somebody most likely meant: the one that differs in the fewest characters, in `most` of them at most.
 * Case does not count, and of names that are as near the first is taken.
 */
export const nearestOf = (name: string, known: readonly string[], most: number): string | undefined => {
  const asked = name.slice(0, characters).toLowerCase();
  let [nearest, least]: [string | undefined, number] = [undefined, most + 1];
  for (const each of known) {
    if (Math.abs(each.length - asked.length) >= least) continue;
    const far = distance(asked, each.toLowerCase());
    if (far < least) [nearest, least] = [each, far];
  }
  return nearest;
};
