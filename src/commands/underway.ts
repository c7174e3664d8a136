import type { Joining } from '../domain/link-plan.ts';

/**
 * What a process is linking to and merging into leads that these have not noted yet, so that together it does not go beyond
 * what a lead may have. Several processes may, by what each has underway.
 */
export type Underway = {
  readonly to: (leadId: string) => Joining;
  readonly begin: (leadId: string, joining: Joining) => void;
  readonly end: (leadId: string, joining: Joining) => void;
};

const nothing: Joining = { identifiers: 0, leads: 0 };

export const linksUnderway = (): Underway => {
  const joining = new Map<string, Joining>();
  const to = (leadId: string): Joining => joining.get(leadId) ?? nothing;
  const add = (leadId: string, { identifiers, leads }: Joining, sign: 1 | -1): void => {
    const before = to(leadId);
    const now = { identifiers: before.identifiers + sign * identifiers, leads: before.leads + sign * leads };
    if (now.identifiers > 0 || now.leads > 0) joining.set(leadId, now);
    else joining.delete(leadId);
  };
  return {
    to,
    begin: (leadId, more) => add(leadId, more, 1),
    end: (leadId, less) => add(leadId, less, -1),
  };
};
