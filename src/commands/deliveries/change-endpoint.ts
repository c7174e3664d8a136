import { z } from 'zod';
import type { EndpointSettings } from '../../domain/deliveries/endpoints.ts';
import { endpoints, endpointSettings, mustHaveEndpoint } from '../../domain/deliveries/endpoints.ts';
import { command } from '../../engine/command.ts';

const { url, types, format, headers, confidentialId, ratePerSecond, description } = endpointSettings.shape;

/** What may change of an endpoint: what is left out stays, and `null` takes away. */
export const endpointChanges = z.strictObject({
  url: url.optional(),
  types: types.nullable(),
  format: format.optional(),
  headers: headers.optional(),
  confidentialId: confidentialId.nullable(),
  ratePerSecond: ratePerSecond.nullable(),
  description: description.nullable(),
});

/** What a field is after a change. */
const after = <T>(before: T | undefined, change: T | null | undefined): T | undefined =>
  change === undefined ? before : (change ?? undefined);

/** Settings in one order, so that those that say the same are the same text. */
const settingsOf = (before: EndpointSettings, changes: z.infer<typeof endpointChanges>): EndpointSettings => {
  const [only, kept, rate, text] = [
    after(before.types, changes.types),
    after(before.confidentialId, changes.confidentialId),
    after(before.ratePerSecond, changes.ratePerSecond),
    after(before.description, changes.description),
  ];
  return {
    url: changes.url ?? before.url,
    ...(only && { types: only }),
    format: changes.format ?? before.format,
    headers: changes.headers ?? before.headers,
    ...(kept !== undefined && { confidentialId: kept }),
    ...(rate !== undefined && { ratePerSecond: rate }),
    ...(text !== undefined && { description: text }),
  };
};

/** Says what an endpoint is to be from now on. What it keeps in the vault has to be there already. */
export const changeEndpoint = command(endpoints)({
  name: 'ChangeEndpoint',
  input: endpointChanges.extend({ projectId: z.string(), endpointId: z.string() }),
  id: ({ projectId }) => projectId,
  decide: (state, { projectId: _, endpointId, ...changes }) => {
    const before = mustHaveEndpoint(state, endpointId);
    const settings = settingsOf(before, changes);
    const same = JSON.stringify(settings) === JSON.stringify(settingsOf(before, {}));
    return same ? [] : [{ type: 'EndpointChanged', data: { ...endpointSettings.parse(settings), endpointId } }];
  },
});
