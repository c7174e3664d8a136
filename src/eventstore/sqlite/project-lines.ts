import { projectOfStream } from '../../domain/streams.ts';
import type { Append } from './log.ts';

/** Appends that wait, by project, the one whose turn is next first; those of a project in the order in which they came. */
export const linesOfProjects = <A extends Pick<Append, 'stream' | 'lines'>>() => {
  const waiting = new Map<string, A[]>();
  let length = 0;

  const add = (append: A): void => {
    const project = projectOfStream(append.stream);
    const line = waiting.get(project);
    if (line) line.push(append);
    else waiting.set(project, [append]);
    length += 1;
  };
  /** Takes appends out, one of each project in turn, as long as they have no more events than `most`; the first in any case. */
  const take = (most: number): readonly A[] => {
    const taken: A[] = [];
    let size = 0;
    // A project that is put behind the others is come to again.
    for (const [project, line] of waiting) {
      const [next] = line;
      if (!next) continue;
      size += next.lines.length;
      if (size > most && taken.length > 0) break;
      taken.push(next);
      line.shift();
      waiting.delete(project);
      if (line.length > 0) waiting.set(project, line);
    }
    length -= taken.length;
    return taken;
  };
  return { add, take, length: () => length };
};
