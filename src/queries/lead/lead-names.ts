import type { LeadDocument } from '../../projections/leads.ts';
import { leads } from '../../projections/leads.ts';
import { mergedLeads } from '../../projections/merged-leads.ts';
import type { QueryContext } from '../queries.ts';
import { documentsById } from '../queries.ts';

/** How long a name is that is shown, in characters. */
const longest = 256;

/** How many merges are followed at most: as many as may lie one behind the other. */
const mostMerges = 50;

const textOf = (value: unknown): string => (typeof value === 'string' ? value.trim() : '');

/** What a lead is called: by the name in its profile, else by its e-mail address or its userId; undefined when it has none. */
export const nameOf = ({ profile, identifiers }: Pick<LeadDocument, 'profile' | 'identifiers'>): string | undefined => {
  const first = textOf(profile['firstName']) || textOf(profile['first_name']);
  const last = textOf(profile['lastName']) || textOf(profile['last_name']);
  const known = (kind: 'email' | 'userId') => identifiers.find((each) => each.kind === kind)?.value;
  const name = textOf(profile['name']) || `${first} ${last}`.trim() || known('email') || known('userId');
  return name === undefined || name === '' ? undefined : name.slice(0, longest);
};

/** The names of leads by id, as they are now; a merged one is called as its survivor. One that has no name is missing. */
export const leadNames = async (
  context: Pick<QueryContext, 'readModels'>,
  projectId: string,
  leadIds: readonly string[],
): Promise<ReadonlyMap<string, string>> => {
  const names = new Map<string, string>();
  // The lead that each id leads to so far.
  let open = new Map(leadIds.map((id) => [id, id]));
  for (let step = 0; open.size > 0 && step <= mostMerges; step += 1) {
    const docs = await documentsById(context, projectId, leads, open.values());
    const others = new Map<string, string>();
    for (const [asked, id] of open) {
      const doc = docs.get(id);
      const name = doc && nameOf(doc);
      if (name !== undefined) names.set(asked, name);
      else if (!doc) others.set(asked, id);
    }
    const merged = await documentsById(context, projectId, mergedLeads, others.values());
    open = new Map(
      [...others].flatMap(([asked, id]) => {
        const into = merged.get(id)?.into;
        return into === undefined ? [] : [[asked, into] as const];
      }),
    );
  }
  return names;
};
