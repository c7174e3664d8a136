/** Why the domain says no. Each code has a status and a title in the API's table of problems. */
export type RejectionCode =
  | 'lead-unknown'
  | 'lead-merged'
  | 'identifier-taken'
  | 'scoring-model-outdated'
  | 'project-unknown'
  | 'project-exists'
  | 'key-unknown'
  | 'keys-full'
  | 'members-full'
  | 'invitations-full'
  | 'member-exists'
  | 'person-unknown'
  | 'last-admin'
  | 'versions-full'
  | 'idempotency-key-reused'
  | 'job-unknown'
  | 'job-claimed'
  | 'job-ended'
  | 'work-unknown'
  | 'work-settled'
  | 'rep-unknown'
  | 'rep-full'
  | 'rep-exists'
  | 'team-unknown'
  | 'team-exists'
  | 'member-unknown'
  | 'roster-full'
  | 'routing-rules-outdated'
  | 'invalid-request'
  | 'lead-unassigned'
  | 'lead-of-another'
  | 'lead-closed'
  | 'lead-open'
  | 'work-item-unknown'
  | 'work-item-closed'
  | 'work-claimed'
  | 'work-mismatched'
  | 'work-unresolved'
  | 'source-unknown'
  | 'sources-full'
  | 'secret-unknown'
  | 'secret-current'
  | 'secrets-full'
  | 'receipt-unknown'
  | 'endpoint-unknown'
  | 'endpoints-full'
  | 'delivery-unknown'
  | 'reject-unknown'
  | 'reject-settled'
  | 'reject-replaying'
  | 'reject-cut'
  | 'token-invalid'
  | 'credentials-invalid'
  | 'session-revoked';

/** What is wrong with one part of what was asked, by the names and places that lead to it. */
export type Fault = { readonly path: readonly (string | number)[]; readonly detail: string };

/** The domain says no. Nothing was appended. `faults` says where, when it is about some parts of what was asked. */
export class Rejection extends Error {
  readonly code: RejectionCode;
  readonly faults: readonly Fault[] | undefined;
  constructor(code: RejectionCode, message: string, faults?: readonly Fault[]) {
    super(message);
    this.name = 'Rejection';
    this.code = code;
    this.faults = faults;
  }
}
