/** Why the domain says no. Each code has a status and a title in the API's table of problems. */
export type RejectionCode =
  | 'lead-unknown'
  | 'lead-merged'
  | 'identifier-taken'
  | 'scoring-model-outdated'
  | 'project-unknown'
  | 'project-exists'
  | 'key-unknown'
  | 'job-unknown'
  | 'job-claimed'
  | 'job-ended'
  | 'work-unknown'
  | 'work-settled'
  | 'rep-unknown'
  | 'rep-full'
  | 'lead-unassigned'
  | 'lead-of-another'
  | 'lead-closed'
  | 'lead-open'
  | 'work-item-unknown'
  | 'work-item-closed'
  | 'work-claimed'
  | 'work-mismatched'
  | 'work-unresolved';

/** The domain says no. Nothing was appended. */
export class Rejection extends Error {
  readonly code: RejectionCode;
  constructor(code: RejectionCode, message: string) {
    super(message);
    this.name = 'Rejection';
    this.code = code;
  }
}
