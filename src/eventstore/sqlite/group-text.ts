import type { Append, Line } from './log.ts';

/** Between the parts of a text. JSON as it is written has none, and a name that has one is refused. */
const separator = '\0';

/** Whether a part of an append can't be told from what comes after it in a text. */
export const hasSeparator = (name: string): boolean => name.includes(separator);

/**
 * A group of appends as one text. It crosses to another thread for less than the many parts that it is made of. Metadata that is
 * that of the line before is left out.
 */
export const textOfGroup = (group: readonly Append[]): string => {
  const parts: (string | number)[] = [];
  for (const { stream, expected, lines } of group) {
    parts.push(stream, expected, lines.length);
    let before = '';
    for (const [id, type, data, metadata] of lines) {
      parts.push(id, type, data, metadata === before ? '' : metadata);
      before = metadata;
    }
  }
  return parts.join(separator);
};

/** The group that a text was made of. */
export const groupInText = (text: string): readonly Append[] => {
  const parts = text.split(separator);
  const group: Append[] = [];
  let at = 0;
  const next = (): string => parts[at++] ?? '';
  while (at < parts.length) {
    const [stream, expected, count] = [next(), Number(next()), Number(next())];
    const lines: Line[] = [];
    let before = '';
    while (lines.length < count) {
      const [id, type, data, metadata] = [next(), next(), next(), next()];
      before = metadata === '' ? before : metadata;
      lines.push([id, type, data, before]);
    }
    group.push({ stream, expected, lines });
  }
  return group;
};
