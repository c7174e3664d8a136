import { Problem } from './problems.ts';

/** How soon who found no place may come again, in seconds. */
const again = 5;

/** Takes a place for a project and gives what gives it back. Throws a `Problem` when there is none left. */
export type Places = (projectId: string) => () => void;

/** So many places of each project, and of all together. `what` says in a sentence what takes them: "100 streams are open". */
export const placesOf = (
  what: string,
  { ofProject, ofAll }: { readonly ofProject: number; readonly ofAll: number },
): Places => {
  const taken = new Map<string, number>();
  let all = 0;
  return (projectId) => {
    const own = taken.get(projectId) ?? 0;
    if (own >= ofProject || all >= ofAll) {
      const detail = own < ofProject ? `${ofAll} ${what} of this process` : `${ofProject} ${what} of the project`;
      throw new Problem('too-many-requests', `${detail} already; end one, or come again later`, {
        headers: { 'Retry-After': String(again) },
      });
    }
    taken.set(projectId, own + 1);
    all += 1;
    return () => {
      const left = (taken.get(projectId) ?? 1) - 1;
      all -= 1;
      if (left > 0) taken.set(projectId, left);
      else taken.delete(projectId);
    };
  };
};
