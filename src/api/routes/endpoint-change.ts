import type { FastifyRequest } from 'fastify';
import { changeEndpoint } from '../../commands/deliveries/change-endpoint.ts';
import { disableEndpoint } from '../../commands/deliveries/disable-endpoint.ts';
import { enableEndpoint } from '../../commands/deliveries/enable-endpoint.ts';
import type { Endpoint } from '../../domain/deliveries/endpoints.ts';
import { StaleRevision } from '../../engine/errors.ts';
import { endpointOf } from '../../queries/deliveries/endpoints.ts';
import type { ApiContext } from '../http/context.ts';
import { Problem } from '../http/problems.ts';
import { expectedRevisionOf, requestOf } from '../http/request.ts';
import type { EndpointPatch, Way } from './endpoint-form.ts';
import { described, isMasked, mustBeSendable, wayOf } from './endpoint-form.ts';
import { idOf, making } from './issuing.ts';

type Place = { readonly projectId: string; readonly endpointId: string };

/** Where an endpoint is and how it is told, of which the vault has what is secret. Throws a `Problem` when that is gone. */
const wayNow = async ({ secrets }: ApiContext, endpoint: Endpoint, { url, headers }: EndpointPatch): Promise<Way> => {
  const { endpointId, confidentialId } = endpoint;
  if (confidentialId === undefined) return wayOf(endpoint, undefined);
  const kept = await secrets.get(endpointId, confidentialId);
  if (kept !== undefined) return wayOf(endpoint, kept);
  // Nobody can tell any more whether it is the same URL, so that it stays a secret if that was one.
  if (url !== undefined && headers !== undefined)
    return { url, format: endpoint.format, headers: {}, isHidden: isMasked(endpoint.url) };
  throw new Problem(
    'secret-unknown',
    'The vault has lost what is secret of the endpoint; say its url and headers again',
  );
};

/** The changes that a request asks for, with what is secret kept in the vault, in the place of what was. */
const changesOf = async (api: ApiContext, request: FastifyRequest, endpoint: Endpoint, patch: EndpointPatch) => {
  const { url, format, headers, enabled: _, ...others } = patch;
  if (url === undefined && format === undefined && headers === undefined) return others;
  if (url !== undefined) mustBeSendable(api, url);
  const before = await wayNow(api, endpoint, patch);
  const { published, confidential } = described({
    url: url ?? before.url,
    format: format ?? before.format,
    headers: headers === undefined ? before.headers : (headers ?? {}),
    isHidden: before.isHidden && (url === undefined || url === before.url),
  });
  if (confidential === undefined) return { ...others, ...published, confidentialId: null };
  const confidentialId = idOf(making(api, request, 'endpoint')('changed confidential id'));
  await api.secrets.keep(endpoint.endpointId, confidentialId, confidential);
  return { ...others, ...published, confidentialId };
};

/** Somebody else changed the endpoint between reading what is secret of it and saying what it is to be. */
const conflict = (): Problem =>
  new Problem('too-many-conflicts', 'Somebody else changed it just now; send the same request again', {
    headers: { 'Retry-After': '1' },
  });

/** Changes an endpoint. Gives the position of the last fact that says so. */
export const changed = async (
  api: ApiContext,
  request: FastifyRequest,
  { projectId, endpointId }: Place,
  patch: EndpointPatch,
): Promise<number> => {
  const { engine, secrets } = api;
  const { endpoint, revision } = await endpointOf(engine, projectId, endpointId);
  const expected = expectedRevisionOf(request);
  const changes = await changesOf(api, request, endpoint, patch);
  // What is secret was made from what is there now, so it may only follow on that.
  const bound = 'confidentialId' in changes && { expected: revision };
  const asked = { ...bound, ...requestOf(request, changeEndpoint.name) };
  const { position } = await engine
    .handle(changeEndpoint, { ...changes, projectId, endpointId }, asked)
    .catch((error: unknown) => {
      throw error instanceof StaleRevision && expected === undefined ? conflict() : error;
    });
  const { endpoint: after } = await endpointOf(engine, projectId, endpointId);
  if (endpoint.confidentialId !== undefined && after.confidentialId !== endpoint.confidentialId)
    await secrets.remove(endpointId, endpoint.confidentialId);
  if (patch.enabled === undefined) return position;
  const { expected: _, ...again } = requestOf(request, patch.enabled ? enableEndpoint.name : disableEndpoint.name);
  const outcome = patch.enabled
    ? await engine.handle(enableEndpoint, { projectId, endpointId }, again)
    : await engine.handle(disableEndpoint, { projectId, endpointId, reason: 'by-hand' as const }, again);
  return Math.max(position, outcome.position);
};
