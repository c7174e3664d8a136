import { z } from 'zod';
import type { RejectionCode } from '../../domain/rejection.ts';

type Kind = { readonly status: number; readonly title: string };

/** What the domain's refusals are to a caller. */
const rejections = {
  'lead-unknown': { status: 404, title: 'There is no such lead' },
  'lead-merged': { status: 409, title: 'The lead was merged into another' },
  'identifier-taken': { status: 409, title: 'The identifier belongs to another lead' },
  'scoring-model-outdated': { status: 409, title: 'A newer scoring model is in force' },
  'project-unknown': { status: 404, title: 'There is no such project' },
  'project-exists': { status: 409, title: 'The project exists already' },
  'key-unknown': { status: 404, title: 'There is no such key' },
  'keys-full': { status: 409, title: 'The project has as many keys as it may' },
  'members-full': { status: 409, title: 'The project has as many members as it may' },
  'invitations-full': { status: 409, title: 'The project has invited as many today as it may' },
  'member-exists': { status: 409, title: 'The person is a member already' },
  'person-unknown': { status: 404, title: 'The project has no such member' },
  'last-admin': { status: 409, title: 'The project would have no admin' },
  'versions-full': { status: 409, title: 'The project has published as many versions as it may' },
  'idempotency-key-reused': { status: 422, title: 'The Idempotency-Key was used for something else' },
  'job-unknown': { status: 404, title: 'There is no such job' },
  'job-claimed': { status: 409, title: 'Another worker has the job' },
  'job-ended': { status: 409, title: 'The job has ended' },
  'work-unknown': { status: 404, title: 'There is no such failed work' },
  'work-settled': { status: 409, title: 'The failed work is settled' },
  'rep-unknown': { status: 409, title: 'There is no such rep' },
  'rep-full': { status: 409, title: 'The rep has no room for more leads' },
  'rep-exists': { status: 409, title: 'There is such a rep already' },
  'team-unknown': { status: 409, title: 'There is no such team' },
  'team-exists': { status: 409, title: 'There is such a team already' },
  'member-unknown': { status: 404, title: 'The roster has no such team or rep' },
  'roster-full': { status: 409, title: 'The roster is full' },
  'routing-rules-outdated': { status: 409, title: 'The routing rules no longer fit the roster' },
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'lead-unassigned': { status: 409, title: 'Nobody has the lead' },
  'lead-of-another': { status: 409, title: 'Another rep has the lead' },
  'lead-closed': { status: 409, title: 'The lead is closed' },
  'lead-open': { status: 409, title: 'The lead is not closed' },
  'work-item-unknown': { status: 404, title: 'There is no such work item' },
  'work-item-closed': { status: 409, title: 'The work item has ended' },
  'work-claimed': { status: 409, title: 'Somebody has the work item' },
  'work-mismatched': { status: 409, title: 'This is not done with work of that kind' },
  'work-unresolved': { status: 409, title: 'What the work item is about is not resolved' },
  'source-unknown': { status: 404, title: 'There is no such source' },
  'sources-full': { status: 409, title: 'The project has as many sources as it may' },
  'endpoint-unknown': { status: 404, title: 'There is no such endpoint' },
  'endpoints-full': { status: 409, title: 'The project has as many endpoints as it may' },
  'delivery-unknown': { status: 404, title: 'There is no such delivery' },
  'secret-unknown': { status: 404, title: 'There is no such secret' },
  'secret-current': { status: 409, title: 'The secret is in use' },
  'secrets-full': { status: 409, title: 'As many secrets are valid as may be' },
  'receipt-unknown': { status: 404, title: 'There is no such receipt' },
  'reject-unknown': { status: 404, title: 'There is no such reject' },
  'reject-settled': { status: 409, title: 'The reject was dealt with' },
  'reject-replaying': { status: 409, title: 'The reject is being replayed' },
  'token-invalid': { status: 400, title: 'The token does not hold' },
  'credentials-invalid': { status: 401, title: 'The address or the password is not right' },
  'session-revoked': { status: 401, title: 'The session is over' },
  'reject-cut': { status: 409, title: 'The reject was too long to be kept whole' },
} as const satisfies Record<RejectionCode, Kind>;

/** What each status is called. Who imports the module by name has Node load its `fetch` as well, at each start. */
export const reasons = process.getBuiltinModule('node:http').STATUS_CODES;

/** Every kind of problem that an answer can tell of, by code. */
export const kinds = {
  ...rejections,
  'invalid-json': { status: 400, title: 'The body is not JSON that can be accepted' },
  'invalid-header': { status: 400, title: 'A header is not valid' },
  'invalid-cursor': { status: 400, title: 'The cursor is not valid' },
  'project-contradiction': { status: 400, title: 'The request names two projects' },
  'project-missing': { status: 400, title: 'The request names no project' },
  'url-refused': { status: 400, title: 'The URL may not be sent to' },
  'signature-missing': { status: 401, title: 'The webhook is not signed' },
  'signature-invalid': { status: 401, title: 'The signature does not fit' },
  'signature-expired': { status: 401, title: 'The webhook was signed too long ago' },
  unauthorized: { status: 401, title: 'A valid key is needed' },
  'sign-up-closed': { status: 403, title: 'Nobody can register here' },
  'email-not-verified': { status: 403, title: 'The address is not verified' },
  'source-disabled': { status: 403, title: 'The source is disabled' },
  'origin-refused': { status: 403, title: 'The key is not for this origin' },
  'permission-missing': { status: 403, title: 'The person may not do this' },
  'scope-missing': { status: 403, title: 'The key does not allow this' },
  'trace-unknown': { status: 404, title: 'Nothing was recorded under this id' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'request-timeout': { status: 408, title: 'The request took too long' },
  'projects-full': { status: 409, title: 'The person has as many projects as they may' },
  'endpoint-disabled': { status: 409, title: 'The endpoint is disabled' },
  'stale-revision': { status: 412, title: 'It has changed since it was read' },
  'too-large': { status: 413, title: 'The body is too large' },
  'unsupported-type': { status: 415, title: 'The type or encoding of the body is not supported' },
  'rate-limited': { status: 429, title: 'That is more than is allowed in this time' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'headers-too-large': { status: 431, title: 'The headers are too large' },
  'internal-error': { status: 500, title: 'Something went wrong on our side' },
  'too-many-conflicts': { status: 503, title: 'It is changing too fast' },
  'not-there-yet': { status: 503, title: 'The read models have not come that far' },
  'store-unavailable': { status: 503, title: 'The event store is not available' },
  'vault-unavailable': { status: 503, title: 'The secrets are not available' },
  'read-models-unavailable': { status: 503, title: 'The read models are not available' },
} as const satisfies Record<string, Kind>;
export type ProblemCode = keyof typeof kinds;

/** What is wrong with one field: a JSON pointer into the body, or `/name` of a parameter. */
export type FieldError = { readonly pointer: string; readonly detail: string };

type More = {
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
};

/** A request can't be answered as asked. Thrown by routes; `detail` goes to the caller, so it says what to do and tells no secret. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly errors: readonly FieldError[] | undefined;
  readonly headers: Readonly<Record<string, string>>;
  constructor(code: ProblemCode, detail: string, { errors, headers = {}, cause }: More = {}) {
    super(`${code}: ${detail}`, { cause });
    this.name = 'Problem';
    this.code = code;
    this.detail = detail;
    this.errors = errors;
    this.headers = headers;
  }
}

/** A problem as RFC 9457 writes it. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  code: z.string(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
  traceId: z.string(),
});

/** The body of an answer that tells of a problem. `traceId` finds the request in the logs and in the events that followed. */
export const bodyOf = ({ code, detail, errors }: Problem, traceId: string): z.infer<typeof problemSchema> => {
  const { status, title } = kinds[code];
  const type = `/problems#${code}`;
  return { type, title, status, detail, code, ...(errors && { errors: [...errors] }), traceId };
};

/** A path as a JSON pointer (RFC 6901). */
export const pointerOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

/** What zod found wrong, a line for each field. Of a union's branches the one with the fewest complaints speaks. */
export const fieldErrors = (issue: z.core.$ZodIssue, at: readonly PropertyKey[] = []): readonly FieldError[] => {
  const path = [...at, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ pointer: pointerOf([...path, key]), detail: 'Not known here; leave it out' }));
  }
  if (issue.code === 'invalid_union') {
    const [nearest] = issue.errors.toSorted((a, b) => a.length - b.length);
    if (nearest) return nearest.flatMap((each) => fieldErrors(each, path));
  }
  return [{ pointer: pointerOf(path), detail: issue.message }];
};

/** How many fields an answer complains about at most. */
const listedErrors = 20;

/** The first complaints of a request that may have very many. */
const firstErrors = (issues: readonly z.core.$ZodIssue[]): readonly FieldError[] => {
  const errors: FieldError[] = [];
  for (const issue of issues) {
    errors.push(...fieldErrors(issue).slice(0, listedErrors));
    if (errors.length >= listedErrors) break;
  }
  return errors.slice(0, listedErrors);
};

/** A part of a request (`body`, `querystring`, `params`, `headers`) with all that is wrong with it, of which the first are told. */
export const invalidIn = (all: readonly FieldError[], part: string, count = all.length): Problem => {
  const errors = all.slice(0, listedErrors);
  const where = part === 'querystring' ? 'query' : part;
  const said = errors.slice(0, 3).map(({ pointer, detail }) => `${pointer || 'all of it'}: ${detail}`);
  const left = Math.max(errors.length, count) - said.length;
  const more = left > 0 ? ` (and ${left} more)` : '';
  return new Problem('invalid-request', `In the ${where}, ${said.join('; ')}${more}`, { errors });
};

/** A part of a request that does not fit its schema. */
export const invalid = (error: z.ZodError, part = 'body'): Problem =>
  invalidIn(firstErrors(error.issues), part, error.issues.length);
